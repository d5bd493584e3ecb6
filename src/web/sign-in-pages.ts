import { html } from 'hono/html'
import type { SignInCompleted, SignInOffer } from '../services/authority/sign-in-flow.ts'
import { asker, facts, type Html, moment } from './page.ts'

interface Content {
  title: string
  content: Html
}

export const signInPage = (offer: SignInOffer): Content => ({
  title: `Sign in as an administrator of ${offer.tenant.name}`,
  content: html`<p><strong>${offer.operatorName}</strong> asks you to sign in, in order to act on accounts of
<strong>${offer.tenant.name}</strong> that only an administrator may touch.</p>
${facts([
  ['Who asks', asker(offer)],
  ['Organisation', html`${offer.tenant.name} <small>(${offer.tenant.id})</small>`],
  [
    'To do what',
    'Block accounts that hold admin roles, and reset passwords, in answer to security events. Each action is asked for one by one and put on record with your name.',
  ],
  ['For how long', `At most ${offer.sessionMinutesMax} minutes; it can be ended at any time.`],
  ['What you need', `${offer.acceptedRoles.join(' or ')} in this organisation.`],
])}
<h2>Before you go on</h2>
<ul>
<li>Go on only if you are ${offer.operatorName}, or know ${offer.operatorName} and expect this. If not, close the page: nothing has happened.</li>
<li>You sign in on Microsoft’s own page. We never see your password.</li>
<li>At the end a code is shown here. Nothing can be done in your name before ${offer.operatorName} types it in.</li>
<li>Your own account cannot be acted on with your sign-in.</li>
</ul>
<form method="post"><button type="submit">Continue to Microsoft</button></form>
<p><small>This link works until ${moment(offer.linkExpiresAt)}.</small></p>`,
})

export const codePage = (done: SignInCompleted): Content => ({
  title: done.isOperator ? 'Type this code in where you asked' : 'Tell this code to the person who asked',
  content: html`<p>You signed in as <strong>${done.administrator.displayName}</strong>
(${done.administrator.userPrincipalName}) for <strong>${done.tenant.name}</strong>.</p>
<p class="code">${done.code.slice(0, 4)} ${done.code.slice(4)}</p>
${done.isOperator ? forOneself(done) : forAnother(done)}
${facts([
  ['Code works until', moment(done.codeExpiresAt)],
  ['Sign-in ends', moment(done.expiresAt)],
  ['Role that counts', done.roles.join(', ')],
])}
<p>You can close this page then; the code is not shown again. If you do not want this any more, close it now: without the code the sign-in
is thrown away.</p>`,
})

const forAnother = ({ operatorName, tenant }: SignInCompleted): Html =>
  html`<p>Tell it to <strong>${operatorName}</strong>, whom you know, and to nobody else: by telephone, or face to face. With it,
${operatorName} can block accounts and reset passwords in ${tenant.name} with your rights.</p>`

const forOneself = ({ tenant }: SignInCompleted): Html =>
  html`<p>It is you who asked: type it in there, and tell it to nobody. With it you can block accounts and reset passwords in
${tenant.name}, with the role below.</p>`
