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
  ['For which organisation', html`${offer.tenant.name} <small>(${offer.tenant.id})</small>`],
  [
    'To do what',
    'Block accounts that hold admin roles, and reset passwords, in answer to security events. Each action is asked for one by one and put on record with your name.',
  ],
  ['For how long', `At most ${offer.sessionMinutesMax} minutes; it can be ended at any time.`],
  ['What you need', `${offer.acceptedRoles.join(' or ')} in this organisation.`],
])}
<h2>Before you go on</h2>
<ul>
<li>Go on only if you know ${offer.operatorName} and expect this. If not, close the page: nothing has happened.</li>
<li>You sign in on Microsoft’s own page. We never see your password.</li>
<li>At the end a code is shown here. Nothing can be done in your name until you tell it to ${offer.operatorName}.</li>
<li>Your own account cannot be acted on with your sign-in.</li>
</ul>
<form method="post"><button type="submit">Continue to Microsoft</button></form>
<p><small>This link works until ${moment(offer.linkExpiresAt)}.</small></p>`,
})

export const codePage = (done: SignInCompleted): Content => ({
  title: 'Tell this code to the person who asked',
  content: html`<p>You signed in as <strong>${done.administrator.displayName}</strong>
(${done.administrator.userPrincipalName}) for <strong>${done.tenant.name}</strong>.</p>
<p class="code">${done.code.slice(0, 4)} ${done.code.slice(4)}</p>
<p>Tell it to <strong>${done.operatorName}</strong>, whom you know, and to nobody else: by telephone, or face to face. With it,
${done.operatorName} can block accounts and reset passwords in ${done.tenant.name} with your rights.</p>
${facts([
  ['The code works until', moment(done.codeExpiresAt)],
  ['The sign-in ends', moment(done.expiresAt)],
  ['Role that counts', done.roles.join(', ')],
])}
<p>If you do not want this any more, tell nobody: without the code the sign-in is thrown away. You can close this page; the code is not
shown again.</p>`,
})
