import type { Classifier, Finding, RecordContext } from '../classifier.ts'
import { rank, sentence } from '../classifier.ts'
import { calling } from '../identities.ts'
import { graded } from '../severities.ts'
import type { TechniqueId } from '../techniques.ts'
import { plain } from '../text.ts'

interface Risk {
  test: (context: RecordContext) => boolean
  reason: string
  techniques: TechniqueId[]
}

const errorIs = (...names: string[]) => {
  const known = new Set(names.map((name) => name.toLowerCase()))
  return ({ record }: RecordContext): boolean =>
    known.has(record.LogonError?.trim().toLowerCase() ?? '') || known.has(record.ErrorNumber?.trim() ?? '')
}

/** What makes one sign-in record telling. The operation and the error tell; `ResultStatus` says `Success` for failures, too. */
const risks: Risk[] = [
  {
    test: errorIs('IdsLocked', '50053'),
    reason: 'Microsoft locked the sign-in after too many wrong passwords, or because the address is known to be bad.',
    techniques: ['T1110'],
  },
  {
    test: errorIs('RiskySignInBlocked', 'BlockedDueToRisk', '53004', '53011', '530032', '530034', '50074002'),
    reason: 'Microsoft blocked the sign-in because it looked risky.',
    techniques: ['T1078.004'],
  },
  {
    test: errorIs('UserDisabled', '50057'),
    reason: 'Somebody used an account that is disabled.',
    techniques: ['T1078.004'],
  },
  {
    test: errorIs('AdminConsentRequiredDueToRiskyApp', '900941'),
    reason: 'The sign-in was to an app that Microsoft holds to be risky.',
    techniques: ['T1528'],
  },
  {
    test: ({ record }) => isSignIn(record.operation) && /BAV2ROPC|CBAInPROD/i.test(agentOf(record)),
    reason: 'The sign-in used an old protocol, which never asks for a second factor.',
    techniques: ['T1078.004'],
  },
]

export const riskySignIn: Classifier = (context) => {
  const { record, actor } = context
  if (!isSignIn(record.operation) || actor?.type !== 'USER') return null
  const found = risks.filter(({ test }) => test(context))
  if (found.length === 0) return null
  const failed = isFailed(context)
  return {
    ...graded('RISKY_SIGN_IN', failed ? 'REFUSED' : 'SUCCEEDED'),
    title: `Risky sign-in of ${calling(actor)} ${failed ? 'was refused' : 'succeeded'}`,
    description: sentence(context, failed ? 'was refused at sign-in' : 'signed in'),
    reasons: found.map(({ reason }) => reason),
    techniques: [...new Set(found.flatMap(({ techniques }) => techniques))],
    subjects: [],
    actionKey: null,
    rank: rank.telling,
  }
}

/** Sign-ins that are nothing special: on record as what a user did. */
export function signInActivity(
  context: RecordContext,
): Pick<Finding, 'title' | 'description' | 'severity' | 'reasons'> | null {
  const { record, actor } = context
  if (!isSignIn(record.operation)) return null
  if (!isFailed(context)) {
    return {
      title: `${calling(actor)} signed in`,
      description: sentence(context, 'signed in'),
      ...graded('USER_ACTIVITY', 'DONE'),
      reasons: [],
    }
  }
  const isWrongPassword = errorIs(
    'InvalidUserNameOrPassword',
    'InvalidPasswordExpiredPassword',
    '50126',
    '50055',
  )(context)
  const error = record.LogonError?.trim() || record.ErrorNumber?.trim()
  return {
    title: `Sign-in of ${calling(actor)} failed`,
    description: sentence(context, 'could not sign in'),
    ...graded('USER_ACTIVITY', isWrongPassword ? 'WRONG_PASSWORD' : 'DONE'),
    reasons: isWrongPassword
      ? ['The password was wrong or expired.']
      : [error === undefined ? 'The record does not say why.' : `Microsoft gives the reason ${plain(error, 80)}.`],
  }
}

const isSignIn = (operation: string): boolean => operation === 'userloggedin' || operation === 'userloginfailed'
const isFailed = ({ record }: RecordContext): boolean => record.operation === 'userloginfailed'

function agentOf(record: RecordContext['record']): string {
  return record.ExtendedProperties.get('UserAgent') ?? record.UserAgent ?? ''
}
