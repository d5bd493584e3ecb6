import { html } from 'hono/html'
import type { ConsentOffer } from '../services/authority/consent-flow.ts'
import type { ConsentVerified } from '../services/authority/consent-outcome.ts'
import { asker, facts, type Html, moment } from './page.ts'

interface Content {
  title: string
  content: Html
}

export const consentPage = (offer: ConsentOffer): Content => ({
  title: `Consent for ${offer.tenantName}`,
  content: html`<p><strong>${offer.operatorName}</strong> asks ${offer.tenantName} to let Tourniquet read its audit records and what it needs
to judge security events, and act on accounts, mailboxes and applications when an operator asks for it. Administrators who sign in can then
also block accounts with admin roles and reset passwords through it.</p>
${facts([
  ['Who asks', asker(offer)],
  ['Organisation', html`${offer.tenantName} <small>(${offer.tenantId})</small>`],
  ...(offer.connects
    ? ([
        [
          'Who gets access',
          `${offer.connects.granteeName}, with the roles ${offer.connects.roles.join(', ')}. This connects the organisation.`,
        ],
      ] as const)
    : []),
  ['Who can consent', 'A Global Administrator of the organisation itself. A partner cannot, whatever its roles.'],
  ['For whom', 'The whole organisation, once. It can be taken back in Entra, under enterprise applications.'],
])}
<h2>What happens next</h2>
<ul>
<li>You sign in on Microsoft’s own page, so that we can tell you at once if your account cannot consent.</li>
<li>Microsoft lists every permission and asks you to accept. Some are for people who sign in, some for our application itself.</li>
<li>Afterwards we ask Microsoft whether the consent is there, and say what may still be missing.</li>
</ul>
<p>Go on only if you are ${offer.operatorName}, or know ${offer.operatorName} and expect this.</p>
<form method="post"><button type="submit">Continue to Microsoft</button></form>
<p><small>This link works until ${moment(offer.linkExpiresAt)}. You may pass it on to a Global Administrator of ${offer.tenantName}.</small></p>`,
})

export const verifiedPage = ({ tenant, operatorName, connected, faults }: ConsentVerified): Content => ({
  title: connected ? `${tenant.name} is connected` : 'The consent is there',
  content: html`<p>Microsoft confirms that ${tenant.name} has consented${connected ? ', and the organisation is connected' : ''}.
${operatorName} can go on.</p>
<p>To block accounts with admin roles and to reset passwords, an administrator with the right role, of the organisation or of its partner,
signs in besides: ${operatorName} gets a link for it when it is needed.</p>
${
  faults.length === 0
    ? ''
    : html`<h2>Still missing</h2>
<ul>${faults.map(({ message }) => html`<li>${message}</li>`)}</ul>
<p>What depends on it stays greyed out until it is mended.</p>`
}
<p>You can close this page.</p>`,
})
