/** What each failure means to the person, and what to do. */
import { html } from 'hono/html'
import type { FlowFailure } from '../services/authority/flow.ts'
import type { FlowFault } from '../services/authority/flow-faults.ts'
import type { Html } from './page.ts'

interface Words {
  status: 400 | 403 | 404 | 410 | 502
  title: string
  why: string
  remedy: string
}

export type FlowKind = 'SIGN_IN' | 'CONSENT'

const newLink =
  'Ask the person who sent you the link for a new one. If you asked for it yourself, send your request again: the answer has a new link.'
const openAgain = 'Open the link again and start anew.'

const words: Record<FlowFault, Words> = {
  LINK_INVALID: {
    status: 404,
    title: 'This link does not work',
    why: 'It is not a link of ours, or it was cut on its way to you.',
    remedy: newLink,
  },
  LINK_EXPIRED: {
    status: 410,
    title: 'This link has expired',
    why: 'Links work for a short time only, so that none lies about.',
    remedy: newLink,
  },
  TENANT_NOT_CONNECTED: {
    status: 403,
    title: 'This organisation is not connected',
    why: 'Nothing can be done in it from here at the moment.',
    remedy: 'Ask the person who sent you the link to connect it first.',
  },
  NOT_ASKED_BY_A_PERSON: {
    status: 403,
    title: 'A person must ask for this',
    why: 'The link was given to an application or an API key, and these never act in an administrator’s name.',
    remedy: 'Let a person who works with Tourniquet ask for the same, and open the link that is given to that person.',
  },
  OTHER_BROWSER: {
    status: 400,
    title: 'This sign-in was not begun in this browser',
    why: 'The browser lacks the cookie that our page left when the sign-in began: it is another browser or profile, cookies are blocked, or somebody sent you the address of a sign-in of their own.',
    remedy: `${openAgain} Go on in the same browser, and do not follow an address that somebody sent you half-way.`,
  },
  STATE_INVALID: {
    status: 400,
    title: 'This address is not part of a sign-in',
    why: 'What came back is nothing that we sent out.',
    remedy: openAgain,
  },
  STATE_EXPIRED: {
    status: 410,
    title: 'The sign-in took too long',
    why: 'What was begun counts for fifteen minutes.',
    remedy: openAgain,
  },
  STATE_REPLAYED: {
    status: 400,
    title: 'This sign-in was used already',
    why: 'Each sign-in counts once. The page was loaded a second time, or somebody tries to use it again.',
    remedy: 'What the first page said counts. If you missed it, open the link again and start anew.',
  },
  DECLINED: {
    status: 403,
    title: 'You declined',
    why: 'Nothing was stored, and nothing was changed.',
    remedy: 'If that was a mistake, open the link again.',
  },
  CONDITIONAL_ACCESS: {
    status: 403,
    title: 'Your organisation’s rules blocked the sign-in',
    why: 'A Conditional Access policy or the security defaults do not allow this sign-in from here: the device, the place or the risk is not what they ask for.',
    remedy:
      'Sign in from a device and a place that your policies accept, or ask who looks after them. Trying again from here does not help.',
  },
  MORE_AUTHENTICATION_NEEDED: {
    status: 403,
    title: 'Microsoft wants a stronger sign-in',
    why: 'Another factor is needed, or the one you used is too old.',
    remedy: openAgain,
  },
  ACCOUNT_UNUSABLE: {
    status: 403,
    title: 'This account cannot sign in',
    why: 'It is disabled, locked, its password has expired, or it is not assigned to our application.',
    remedy: 'Use another administrator’s account, or have this one put right.',
  },
  CONSENT_MISSING: {
    status: 403,
    title: 'The organisation has not consented yet',
    why: 'Before an administrator’s sign-in is of any use here, a Global Administrator of the organisation itself must consent once for everybody. A partner cannot do that.',
    remedy:
      'Open the consent page, or pass it on to a Global Administrator of the organisation. Sign in again afterwards.',
  },
  APP_DISABLED: {
    status: 403,
    title: 'Our application is turned off in this organisation',
    why: 'An administrator disabled it in Entra, under enterprise applications.',
    remedy: 'Turn on “Enabled for users to sign-in” there, then open the link again.',
  },
  WRONG_TENANT: {
    status: 403,
    title: 'You signed in to another organisation',
    why: 'The account does not belong to the organisation that the link is about, and no partner relationship brings it there.',
    remedy:
      'Open the link again and choose an account of that organisation. If you are a partner’s technician and were once invited as a guest, that old guest account may be in the way.',
  },
  WRONG_ROLE: {
    status: 403,
    title: 'Your account does not hold the role that is needed',
    why: 'Roles count when they are active now: directly, through a role-assignable group, as a guest, or through the partner relationship’s groups. A role that you could activate does not count yet.',
    remedy: 'Activate the role, or use an account that holds it, then open the link again.',
  },
  PARTNER_UNREADABLE: {
    status: 403,
    title: 'Your partner relationship could not be checked',
    why: 'Your account is no user of this organisation, and your own organisation does not let us read its partner relationships and groups.',
    remedy:
      'A Global Administrator of your own organisation must consent to our application there, with DelegatedAdminRelationship.Read.All. Or use an account of this organisation.',
  },
  NOT_A_USER_OF_THE_TENANT: {
    status: 403,
    title: 'This account cannot give the consent',
    why: 'It is no user of the organisation: a partner relationship gives roles, but not the right to consent for the customer. Only a Global Administrator of the organisation itself can.',
    remedy: 'Pass the link on to a Global Administrator of the organisation, or sign in with such an account.',
  },
  NOT_GRANTED: {
    status: 403,
    title: 'Microsoft does not show the consent',
    why: 'We asked Microsoft itself, and the organisation has not granted what is needed.',
    remedy:
      'If you did accept a moment ago, open the link again in a few minutes: it can take a while. Otherwise a Global Administrator has to accept.',
  },
  PROOF_FAILED: {
    status: 400,
    title: 'The sign-in could not be verified',
    why: 'What Microsoft sent back does not fit what was begun in this browser.',
    remedy: `${openAgain} If it happens again, tell support.`,
  },
  MICROSOFT_UNAVAILABLE: {
    status: 502,
    title: 'Microsoft does not answer at the moment',
    why: 'The sign-in service or Microsoft Graph could not be reached.',
    remedy: 'Open the link again in a few minutes.',
  },
}

const unchanged: Record<FlowKind, string> = {
  SIGN_IN: 'Nothing of the sign-in was kept, and nothing was changed.',
  // Microsoft may have taken a consent that does not count here.
  CONSENT: 'Nothing was changed here.',
}

const neededRole: Record<FlowKind, string> = {
  SIGN_IN: 'Needed is Privileged Authentication Administrator or Global Administrator, for the whole organisation.',
  CONSENT: 'Needed is Global Administrator of the organisation itself.',
}

export function failurePage(
  kind: FlowKind,
  { fault, aadsts, account, parties }: FlowFailure,
  consentUrl: string | null,
): { status: Words['status']; title: string; content: Html } {
  const { status, title, why, remedy } = words[fault]
  const content = html`<div class="problem" role="alert">
<p>${why}</p>
${fault === 'WRONG_ROLE' ? html`<p>${neededRole[kind]}</p>` : ''}
</div>
${account ? html`<p>You signed in as ${account.displayName} (${account.userPrincipalName || account.homeObjectId}).</p>` : ''}
${parties ? html`<p>It was about ${parties.tenant?.name ?? 'a new organisation'}, asked for by ${parties.operator.displayName}.</p>` : ''}
<h2>What to do</h2>
<p>${remedy}</p>
${consentUrl ? html`<p><a class="button" href="${consentUrl}">Open the consent page</a></p>` : ''}
<p>${fault === 'STATE_REPLAYED' ? 'Nothing was changed by this.' : unchanged[kind]}${aadsts === null ? '' : ` Microsoft’s number for it: AADSTS${aadsts}.`}</p>`
  return { status, title, content }
}
