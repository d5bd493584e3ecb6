/** The words of greyed-out codes and of failed steps: what is so, and what to do next (B30). */
import type { GreyedOutCode, StepFailureCode } from './codes.ts'

interface Words {
  message: string
  remedy: string | null
}

/** Codes of remediations that later kinds of subject bring have their words here as well, so that none is ever shown bare. */
export const greyedOutWords: Record<GreyedOutCode, Words> = {
  NO_MAILBOX: { message: 'The user has no mailbox in this tenant.', remedy: null },
  NO_FORWARDING: { message: 'No mail forwarding is set on the mailbox.', remedy: null },
  NO_ENABLED_INBOX_RULES: { message: 'The mailbox has no enabled inbox rule.', remedy: null },
  ALREADY_DISABLED: { message: 'Sign-in is already blocked for this account.', remedy: null },
  USER_NOT_FOUND: {
    message:
      'The tenant has no such user any more, or the record named the user in a way that the directory does not know.',
    remedy: 'Look among the deleted users in the Entra admin center.',
  },
  GUEST_USER: {
    message: 'The password of this guest is kept by another organisation.',
    remedy: "Ask the guest's own organisation to reset it, and disable the guest here.",
  },
  FEDERATED_USER: {
    message: 'The password of this account is kept by a federated identity provider.',
    remedy: 'Reset it at that provider.',
  },
  SYSTEM_IDENTITY: {
    message: 'This is an identity of the service itself, not an account of a person: it cannot be blocked.',
    remedy: null,
  },
  ANONYMOUS_IDENTITY: {
    message: 'This is an anonymous visitor by a sharing link: there is no account to block.',
    remedy: 'Remove the sharing link in SharePoint or OneDrive.',
  },
  EXTERNAL_IDENTITY: {
    message: "This is a technician of the tenant's partner: the account is in another tenant.",
    remedy: 'Ask the partner to block the account, or end the partner relationship in the Microsoft 365 admin center.',
  },
  SELF: {
    message: 'This is the account that you are signed in with: you cannot block yourself.',
    remedy: 'Ask a colleague to do it.',
  },
  LAST_GLOBAL_ADMINISTRATOR: {
    message: 'This is the last enabled Global Administrator of the tenant: disabling it would lock everybody out.',
    remedy:
      'Enable or create another Global Administrator first. One that was disabled from here counts again five minutes later.',
  },
  APP_ALREADY_REMOVED: { message: 'The application is no longer in the tenant.', remedy: null },
  MICROSOFT_APP: { message: "This is one of Microsoft's own applications.", remedy: null },
  OWN_APP: { message: 'This is the application that we act with.', remedy: 'Disconnect the tenant instead.' },
  MANAGED_IDENTITY: {
    message: 'This is a managed identity of an Azure resource.',
    remedy: 'Remove it together with its resource in the Azure portal.',
  },
  TEAMS_APP_NOT_INSTALLED: { message: 'The app is not installed there any more.', remedy: null },
  TEAMS_APP_PREINSTALLED: {
    message: 'The app is installed by a setup policy of the tenant.',
    remedy: 'Take it out of the app setup policy in the Teams admin center.',
  },
  RULE_ALREADY_REMOVED: { message: 'The rule does not exist any more.', remedy: null },
  RULE_AMBIGUOUS: {
    message: 'More than one rule fits the record: it cannot be told which one is meant.',
    remedy: 'Remove the right one in Outlook or in the Exchange admin center.',
  },
  SYSTEM_RULE: { message: 'This rule belongs to the service itself.', remedy: null },
  ACCESS_ALREADY_REMOVED: { message: 'The grantee does not hold full access any more.', remedy: null },
  ACCESS_INHERITED: { message: 'The access is inherited: it cannot be removed on the mailbox.', remedy: null },
  ACCESS_THROUGH_GROUP: {
    message: 'The access comes through a group.',
    remedy: 'Take the user out of the group, or remove the access of the group.',
  },
  ACCESS_DENIED: { message: 'The grantee is denied full access: there is none to remove.', remedy: null },
  MAILBOX_AMBIGUOUS: {
    message: 'More than one mailbox bears the name that the record gives: it cannot be told which one is meant.',
    remedy: 'Look for the right one in the Exchange admin center.',
  },
  TENANT_NOT_CONNECTED: {
    message: 'The tenant is not connected: nothing can be read or done there.',
    remedy: 'Connect the tenant, then ask again.',
  },
  TENANT_UNHEALTHY: {
    message: 'The tenant must be put right first.',
    remedy: "Open the tenant's health for the fault and the link to mend it.",
  },
  PERMISSION_MISSING: {
    message: 'Microsoft refused to let us read what this decision needs: a permission is missing.',
    remedy: "Open the tenant's health, grant what is missing, then ask again.",
  },
  UPSTREAM_UNAVAILABLE: {
    message: 'Microsoft 365 did not tell what this decision needs.',
    remedy: 'Ask again in a minute.',
  },
  VIEWER_NOT_ALLOWED: {
    message: 'Your roles in this tenant do not allow this.',
    remedy: 'Ask an administrator of the product for the role.',
  },
}

interface FailureWords extends Words {
  /** Whether trying again, with a new key, can help. */
  retryable: boolean
}

export const stepFailureWords: Record<StepFailureCode, FailureWords> = {
  INSUFFICIENT_ROLE: {
    message: 'Microsoft refused: the role that we act with is too low for this target.',
    remedy:
      'For an account: a sign-in by a Privileged Authentication Administrator or Global Administrator of the tenant would do. For a mailbox or a mail rule: our application needs the role Exchange Administrator, see the health of the tenant.',
    retryable: false,
  },
  PERMISSION_MISSING: {
    message: 'Microsoft refused: the tenant has not granted the permission.',
    remedy: "Open the tenant's health, grant what is missing, then try again with a new key.",
    retryable: true,
  },
  PRIVILEGED_SIGN_IN_EXPIRED: {
    message: "The administrator's sign-in ended before this was done.",
    remedy: 'Sign in again, then try again with a new key.',
    retryable: true,
  },
  SELF: {
    message: 'The target is the signed-in account itself.',
    remedy: 'Ask a colleague to do it.',
    retryable: false,
  },
  LAST_GLOBAL_ADMINISTRATOR: {
    message: 'The target is the last enabled Global Administrator of the tenant.',
    remedy: 'Enable or create another Global Administrator first.',
    retryable: false,
  },
  NOT_FOUND: { message: 'The target does not exist in the tenant any more.', remedy: null, retryable: false },
  THROTTLED: {
    message: 'Microsoft is limiting our calls: this was not done.',
    remedy: 'Try again with a new key in a minute.',
    retryable: true,
  },
  UPSTREAM_ERROR: {
    message: 'Microsoft 365 gave an error or no answer: this was not done.',
    remedy: 'Try again with a new key.',
    retryable: true,
  },
  TIMEOUT: {
    message: 'The time ran out before Microsoft 365 answered: this was not done.',
    remedy: 'Try again with a new key.',
    retryable: true,
  },
  NOT_CONFIRMED: {
    message: 'The tenant does not show the change, also after a long wait.',
    remedy: 'Look into the admin center, then try again with a new key.',
    retryable: true,
  },
  PASSWORD_POLICY: {
    message: 'The new password does not meet the policy of the tenant.',
    remedy: 'Try again with a new key.',
    retryable: true,
  },
  PASSWORD_WRITEBACK_FAILED: {
    message: 'The new password could not be written back to the on-premises directory.',
    remedy: 'Reset it on-premises.',
    retryable: false,
  },
  DELIVERY_FAILED: {
    message: 'The password was reset, but could not be delivered.',
    remedy: 'Reset it again with a new key.',
    retryable: true,
  },
  TEAMS_APP_PREINSTALLED: {
    message: 'The app is installed by a setup policy of the tenant.',
    remedy: 'Take it out of the app setup policy in the Teams admin center.',
    retryable: false,
  },
  READ_ONLY_RULE: {
    message: 'The rule cannot be changed this way.',
    remedy: 'Change it in Outlook.',
    retryable: false,
  },
  CONFLICT: {
    message: 'Something else is changing the target at the same time: this was not done.',
    remedy: 'Try again with a new key.',
    retryable: true,
  },
}

/** Of a change that must not stand, after why. */
export const changedBack = 'What was changed was changed back at once.'
export const notUndone: Words = {
  message: 'Undoing it failed: it may still stand.',
  remedy: 'Look at the account in the Entra admin center at once, and enable it there.',
}

/** It lived only in the process that made it, for one answer (B23). */
export const passwordIsLost = 'Nobody has the temporary password: reset the password again with a new key.'
