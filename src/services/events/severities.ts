import { highFrom, suspiciousFrom } from './classifiers/inbox-rule-signs.ts'
import type { SecurityEventType, Severity } from './types.ts'

interface Ground {
  severity: Severity
  /** As a clause that follows "because" or "when". */
  when: string
}

/** Why an event is as severe as it is: every ground that classification may give, the first that holds counts. */
export const severityGrounds = {
  USER_CONSENTED_TO_APP: {
    FOR_EVERYBODY: { severity: 'HIGH', when: 'the consent holds for the whole organisation' },
    FAR_REACHING: { severity: 'HIGH', when: 'the app may read or send mail, read files or change the directory' },
    RISKY_APP: { severity: 'HIGH', when: 'Microsoft calls the app risky' },
    ONE_USER: { severity: 'MEDIUM', when: 'it holds for one user and reaches no further than that' },
    NOT_TOLD: { severity: 'MEDIUM', when: 'the record does not tell for whom' },
  },
  APPLICATION_PERMISSIONS_CHANGED: {
    NEW_CREDENTIAL: { severity: 'HIGH', when: 'the app got a secret or certificate: its holder is the app' },
    WITHOUT_USER: { severity: 'HIGH', when: 'the app got a permission that it uses without any user' },
    FOR_EVERYBODY: { severity: 'HIGH', when: 'the permission holds for all users' },
    FAR_REACHING: { severity: 'HIGH', when: 'the app may read or send mail, read files or change the directory' },
    ONE_USER: { severity: 'MEDIUM', when: 'the permission holds for one user and reaches no further than that' },
    NOT_TOLD: { severity: 'MEDIUM', when: 'the record does not tell which permission, or for whom' },
    ASKED_FOR: { severity: 'MEDIUM', when: 'the app asks for more, which still needs a consent' },
    NEW_OWNER: { severity: 'MEDIUM', when: 'somebody became an owner and can add credentials' },
  },
  TEAMS_APP_INSTALLED: {
    UPLOADED_BY_HAND: { severity: 'HIGH', when: 'the app was uploaded by hand, past every catalogue' },
    ENTRA_IDENTITY: { severity: 'MEDIUM', when: 'the app has an identity in Entra' },
    FROM_CATALOGUE: { severity: 'LOW', when: 'it comes from a catalogue and has no identity in Entra' },
  },
  EXTERNAL_MAIL_FORWARDING: {
    NAME_ONLY: { severity: 'MEDIUM', when: 'the record names the recipient without its address' },
    PERHAPS_INSIDE: {
      severity: 'MEDIUM',
      when: "the tenant's domains are not known, and the address is in the domain of the mailbox or the actor",
    },
    OUTSIDE: { severity: 'HIGH', when: 'mail goes to any other address outside' },
  },
  SUSPICIOUS_INBOX_RULE: {
    MANY_SIGNS: { severity: 'HIGH', when: `the weights of its signs add up to ${highFrom} or more` },
    ENOUGH_SIGNS: {
      severity: 'MEDIUM',
      when: `they add up to ${suspiciousFrom} or more; less is no event of this type`,
    },
  },
  MAILBOX_ACCESS_GRANTED_TO_NON_OWNER: {
    FULL_ACCESS: { severity: 'HIGH', when: 'the right is FullAccess, SendAs or Owner' },
    LESSER_RIGHT: { severity: 'MEDIUM', when: 'it is a lesser right on mail' },
  },
  MAILBOX_ACCESS_BY_NON_OWNER: {
    SENT: { severity: 'HIGH', when: 'mail was sent in the name of somebody else' },
    ADMINISTRATIVE: { severity: 'HIGH', when: "an administrator's logon was used" },
    AS_DELEGATE: { severity: 'MEDIUM', when: 'somebody else was in the mailbox in any other way' },
  },
  RISKY_SIGN_IN: {
    SUCCEEDED: { severity: 'HIGH', when: 'the sign-in succeeded' },
    REFUSED: { severity: 'MEDIUM', when: 'it was refused' },
  },
  ROLE_ASSIGNED: {
    MIGHTY: { severity: 'HIGH', when: 'the role can take over accounts or open their mail' },
    READER: { severity: 'LOW', when: 'the role only reads' },
    OTHER: { severity: 'MEDIUM', when: 'it is any other administrative role' },
  },
  PASSWORD_RESET: {
    BY_SELF: { severity: 'LOW', when: 'users changed their own password' },
    BY_SERVICE: { severity: 'MEDIUM', when: "Microsoft's service set it: self-service, or the local directory" },
    BY_SOMEBODY_ELSE: { severity: 'MEDIUM', when: 'somebody else set it and may know it' },
  },
  ACCOUNT_ENABLED: {
    ENABLED: { severity: 'MEDIUM', when: 'an account that was off can be used again' },
  },
  ACCOUNT_DISABLED: {
    DISABLED: { severity: 'LOW', when: 'nobody can use the account any more' },
  },
  MFA_CHANGED: {
    WEAKER: { severity: 'HIGH', when: 'the second factor was turned off or a method was removed' },
    CHANGED: { severity: 'MEDIUM', when: 'a method, or what is required, was changed' },
    STRONGER: { severity: 'LOW', when: 'a second factor is required from now on' },
  },
  ANONYMOUS_LINK_CREATED: {
    ALLOWS_CHANGES: { severity: 'MEDIUM', when: 'whoever has the link can change the file' },
    READ_ONLY: { severity: 'LOW', when: 'whoever has it can read the file' },
  },
  MICROSOFT_ALERT: {
    HIGH: { severity: 'HIGH', when: 'Microsoft says so' },
    MEDIUM: { severity: 'MEDIUM', when: 'Microsoft says so' },
    LOW: { severity: 'LOW', when: 'Microsoft says so' },
    INFORMATIONAL: { severity: 'INFORMATIONAL', when: 'Microsoft says so' },
    NOT_STATED: { severity: 'MEDIUM', when: 'the record does not say, as for a threat found in a mail' },
  },
  USER_ACTIVITY: {
    FAILED: { severity: 'LOW', when: 'it was tried and failed' },
    WRONG_PASSWORD: { severity: 'LOW', when: 'a sign-in failed because of the password' },
    DATA_LOSS: { severity: 'LOW', when: 'content met a rule against data loss' },
    DONE: { severity: 'INFORMATIONAL', when: 'it is anything else' },
  },
} as const satisfies Record<SecurityEventType, Record<string, Ground>>

export type GroundOf<T extends SecurityEventType> = keyof (typeof severityGrounds)[T]

/** Type and severity of a finding, by the table. */
export function graded<T extends SecurityEventType>(type: T, ground: GroundOf<T>): { type: T; severity: Severity } {
  const grounds: Record<PropertyKey, Ground> = severityGrounds[type]
  const found = grounds[ground]
  if (found === undefined) throw new Error(`${type} has no ground ${String(ground)}.`)
  return { type, severity: found.severity }
}
