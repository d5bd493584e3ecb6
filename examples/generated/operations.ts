/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** On whose authority a call is made. */
export type Credential =
  /** Our application's own permissions. */
  | 'APPLICATION'
  /** The sign-in of an administrator of the tenant. */
  | 'PRIVILEGED_SESSION';

/** Why a remediation is not possible now. */
export type GreyedOutCode =
  /** The grantee does not hold full access any more. */
  | 'ACCESS_ALREADY_REMOVED'
  /** The grantee is denied full access: there is none to remove. */
  | 'ACCESS_DENIED'
  /** The access is inherited: it cannot be removed on the mailbox. */
  | 'ACCESS_INHERITED'
  /** The access comes through a group. */
  | 'ACCESS_THROUGH_GROUP'
  /** Sign-in is already blocked for this account. */
  | 'ALREADY_DISABLED'
  /** This is an anonymous visitor by a sharing link: there is no account to block. */
  | 'ANONYMOUS_IDENTITY'
  /** The application is no longer in the tenant. */
  | 'APP_ALREADY_REMOVED'
  /** This is a technician of the tenant's partner: the account is in another tenant. */
  | 'EXTERNAL_IDENTITY'
  /** The password of this account is kept by a federated identity provider. */
  | 'FEDERATED_USER'
  /** The password of this guest is kept by another organisation. */
  | 'GUEST_USER'
  /** This is the last enabled Global Administrator of the tenant: disabling it would lock everybody out. */
  | 'LAST_GLOBAL_ADMINISTRATOR'
  /** More than one mailbox bears the name that the record gives: it cannot be told which one is meant. */
  | 'MAILBOX_AMBIGUOUS'
  /** This is a managed identity of an Azure resource. */
  | 'MANAGED_IDENTITY'
  /** This is one of Microsoft's own applications. */
  | 'MICROSOFT_APP'
  /** The mailbox has no enabled inbox rule. */
  | 'NO_ENABLED_INBOX_RULES'
  /** No mail forwarding is set on the mailbox. */
  | 'NO_FORWARDING'
  /** The user has no mailbox in this tenant. */
  | 'NO_MAILBOX'
  /** This is the application that we act with. */
  | 'OWN_APP'
  /** Microsoft refused to let us read what this decision needs: a permission is missing. */
  | 'PERMISSION_MISSING'
  /** The rule does not exist any more. */
  | 'RULE_ALREADY_REMOVED'
  /** More than one rule fits the record: it cannot be told which one is meant. */
  | 'RULE_AMBIGUOUS'
  /** This is the account that you are signed in with: you cannot block yourself. */
  | 'SELF'
  /** This is an identity of the service itself, not an account of a person: it cannot be blocked. */
  | 'SYSTEM_IDENTITY'
  /** This rule belongs to the service itself. */
  | 'SYSTEM_RULE'
  /** The app is not installed there any more. */
  | 'TEAMS_APP_NOT_INSTALLED'
  /** The app is installed by a setup policy of the tenant. */
  | 'TEAMS_APP_PREINSTALLED'
  /** The tenant is not connected: nothing can be read or done there. */
  | 'TENANT_NOT_CONNECTED'
  /** The tenant must be put right first. */
  | 'TENANT_UNHEALTHY'
  /** Microsoft 365 did not tell what this decision needs. */
  | 'UPSTREAM_UNAVAILABLE'
  /** The tenant has no such user any more, or the record named the user in a way that the directory does not know. */
  | 'USER_NOT_FOUND'
  /** Your roles in this tenant do not allow this. */
  | 'VIEWER_NOT_ALLOWED';

/** What is looked at. */
export type HealthCheckName =
  /** Whether the tenant's audit records can be fetched, so that new events arrive. No remediation depends on it. */
  | 'ACTIVITY_FEED'
  /** Whether every permission that the remediations need is granted. */
  | 'APPLICATION_PERMISSIONS'
  /** Whether our application is enabled in the tenant. */
  | 'APP_ENABLED'
  /** Whether the tenant consented to our application. */
  | 'CONSENT'
  /** Whether the consent for privileged sign-ins was given. */
  | 'DELEGATED_CONSENT'
  /** Whether our application holds its role in Exchange Online. */
  | 'EXCHANGE_ROLE';

/** What a check found. */
export type HealthStatus =
  /** All is as it must be. */
  | 'HEALTHY'
  /** Something is missing: what depends on it is greyed out until it is mended. */
  | 'UNHEALTHY'
  /** It could not be looked at: another fault comes first, or Microsoft did not answer. */
  | 'UNKNOWN';

/** The sort of a refusal: the name of its type without `Error`. */
export type RefusalCode =
  /** A Global Administrator of the tenant must consent first. */
  | 'ADMIN_CONSENT_REQUIRED'
  /** The target is your own account, or that of the signed-in administrator. */
  | 'CANNOT_TARGET_SIGNED_IN_USER'
  /** The idempotency key was used with another input. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** The input is wrong. */
  | 'INVALID_INPUT'
  /** The target is the last enabled Global Administrator. */
  | 'LAST_GLOBAL_ADMINISTRATOR'
  /** You see the object, but your roles do not allow this. */
  | 'NOT_ALLOWED'
  /** There is no such object, or you may not know of it. */
  | 'NOT_FOUND'
  /** An administrator of the tenant must sign in first. */
  | 'PRIVILEGED_SIGN_IN_REQUIRED'
  /** Every action that you asked for is greyed out. */
  | 'REMEDIATION_UNAVAILABLE'
  /** The tenant must be put right first. */
  | 'TENANT_UNHEALTHY';

/** What can be done about a subject. */
export type RemediationKind =
  /** Disable inbox rules. Turns off every inbox rule of the user's mailbox, hidden ones as well. None is deleted. */
  | 'DISABLE_INBOX_RULES'
  /** Disable user. Blocks sign-in: the user cannot sign in to this tenant until the account is enabled again. */
  | 'DISABLE_USER'
  /** Remove app. Removes the application from the organisation with everything that it was granted: the enterprise application and, where this tenant owns it, its app registration. */
  | 'REMOVE_APP'
  /** Remove inbox rule. Deletes the inbox rule from the mailbox. */
  | 'REMOVE_INBOX_RULE'
  /** Remove mailbox access. Takes the grantee's full access (FullAccess) to the mailbox away. */
  | 'REMOVE_MAILBOX_ACCESS'
  /** Remove mailbox forwarding. Clears the forwarding that is set on the mailbox, to addresses inside and outside of the organisation. */
  | 'REMOVE_MAILBOX_FORWARDING'
  /** Remove mail forwarding. Clears the forwarding that is set on the user's mailbox, to addresses inside and outside of the organisation. */
  | 'REMOVE_MAIL_FORWARDING'
  /** Remove Teams app. Uninstalls the app from the team, the chat or the person that it was installed for. */
  | 'REMOVE_TEAMS_APP'
  /** Remove transport rule. Deletes the mail flow rule from the organisation. */
  | 'REMOVE_TRANSPORT_RULE'
  /** Reset password. Sets a temporary password, which is shown or sent once; the user has to change it at the next sign-in. */
  | 'RESET_PASSWORD'
  /** Revoke sessions. Ends all sessions of the user: every app and browser has to sign in again within minutes. */
  | 'REVOKE_SESSIONS';

/** How a run stands. */
export type RemediationRunStatus =
  /** No step worked. */
  | 'FAILED'
  /** Some steps worked and some did not. */
  | 'PARTIAL'
  /** Not done yet: ask `node` with its id again. */
  | 'RUNNING'
  /** Every step is confirmed, accepted or had nothing to do. */
  | 'SUCCEEDED'
  /** Nobody can know yet what Microsoft did; it is being found out. */
  | 'UNKNOWN';

/** Why a step failed or is unknown, or why it was skipped (then it is the greyed-out code). */
export type RemediationStepCode =
  /** The grantee does not hold full access any more. */
  | 'ACCESS_ALREADY_REMOVED'
  /** The grantee is denied full access: there is none to remove. */
  | 'ACCESS_DENIED'
  /** The access is inherited: it cannot be removed on the mailbox. */
  | 'ACCESS_INHERITED'
  /** The access comes through a group. */
  | 'ACCESS_THROUGH_GROUP'
  /** Sign-in is already blocked for this account. */
  | 'ALREADY_DISABLED'
  /** This is an anonymous visitor by a sharing link: there is no account to block. */
  | 'ANONYMOUS_IDENTITY'
  /** The application is no longer in the tenant. */
  | 'APP_ALREADY_REMOVED'
  /** Something else is changing the target at the same time: this was not done. */
  | 'CONFLICT'
  /** The password was reset, but could not be delivered. */
  | 'DELIVERY_FAILED'
  /** This is a technician of the tenant's partner: the account is in another tenant. */
  | 'EXTERNAL_IDENTITY'
  /** The password of this account is kept by a federated identity provider. */
  | 'FEDERATED_USER'
  /** The password of this guest is kept by another organisation. */
  | 'GUEST_USER'
  /** Microsoft refused: the role that we act with is too low for this target. */
  | 'INSUFFICIENT_ROLE'
  /** The target is the last enabled Global Administrator of the tenant. */
  | 'LAST_GLOBAL_ADMINISTRATOR'
  /** More than one mailbox bears the name that the record gives: it cannot be told which one is meant. */
  | 'MAILBOX_AMBIGUOUS'
  /** This is a managed identity of an Azure resource. */
  | 'MANAGED_IDENTITY'
  /** This is one of Microsoft's own applications. */
  | 'MICROSOFT_APP'
  /** The tenant does not show the change, also after a long wait. */
  | 'NOT_CONFIRMED'
  /** The target does not exist in the tenant any more. */
  | 'NOT_FOUND'
  /** The mailbox has no enabled inbox rule. */
  | 'NO_ENABLED_INBOX_RULES'
  /** No mail forwarding is set on the mailbox. */
  | 'NO_FORWARDING'
  /** The user has no mailbox in this tenant. */
  | 'NO_MAILBOX'
  /** This is the application that we act with. */
  | 'OWN_APP'
  /** The new password does not meet the policy of the tenant. */
  | 'PASSWORD_POLICY'
  /** The new password could not be written back to the on-premises directory. */
  | 'PASSWORD_WRITEBACK_FAILED'
  /** Microsoft refused: the tenant has not granted the permission. */
  | 'PERMISSION_MISSING'
  /** The administrator's sign-in ended before this was done. */
  | 'PRIVILEGED_SIGN_IN_EXPIRED'
  /** The rule cannot be changed this way. */
  | 'READ_ONLY_RULE'
  /** The rule does not exist any more. */
  | 'RULE_ALREADY_REMOVED'
  /** More than one rule fits the record: it cannot be told which one is meant. */
  | 'RULE_AMBIGUOUS'
  /** The target is the signed-in account itself. */
  | 'SELF'
  /** This is an identity of the service itself, not an account of a person: it cannot be blocked. */
  | 'SYSTEM_IDENTITY'
  /** This rule belongs to the service itself. */
  | 'SYSTEM_RULE'
  /** The app is not installed there any more. */
  | 'TEAMS_APP_NOT_INSTALLED'
  /** The app is installed by a setup policy of the tenant. */
  | 'TEAMS_APP_PREINSTALLED'
  /** The tenant is not connected: nothing can be read or done there. */
  | 'TENANT_NOT_CONNECTED'
  /** The tenant must be put right first. */
  | 'TENANT_UNHEALTHY'
  /** Microsoft is limiting our calls: this was not done. */
  | 'THROTTLED'
  /** The time ran out before Microsoft 365 answered: this was not done. */
  | 'TIMEOUT'
  /** Microsoft 365 gave an error or no answer: this was not done. */
  | 'UPSTREAM_ERROR'
  /** Microsoft 365 did not tell what this decision needs. */
  | 'UPSTREAM_UNAVAILABLE'
  /** The tenant has no such user any more, or the record named the user in a way that the directory does not know. */
  | 'USER_NOT_FOUND'
  /** Your roles in this tenant do not allow this. */
  | 'VIEWER_NOT_ALLOWED';

/** How a step stands. */
export type RemediationStepState =
  /** Microsoft took it but cannot show it yet. */
  | 'ACCEPTED'
  /** Done, and the new state was read back. */
  | 'CONFIRMED'
  /** Not done: `code`, `message` and `remedy` say why and what to do. */
  | 'FAILED'
  /** Not done yet. */
  | 'RUNNING'
  /** There was nothing to do. */
  | 'SKIPPED'
  /** Nobody can know yet whether it was done; it is being found out. */
  | 'UNKNOWN';

/** What to know before acting. */
export type RemediationWarning =
  /** There is no way back. */
  | 'CANNOT_BE_UNDONE'
  /** The account comes from an on-premises directory, whose next synchronisation may undo this: disable it there, too. */
  | 'DIRECTORY_SYNC_MAY_REVERT'
  /** The user is a guest: sessions in the home tenant go on. */
  | 'GUEST_SIGNS_IN_ELSEWHERE'
  /** Other ways in remain open. */
  | 'OTHER_ACCESS_REMAINS'
  /** Rules that only run in the Outlook client are lost. */
  | 'OUTLOOK_CLIENT_RULES_LOST'
  /** Works only when the tenant writes passwords back to its on-premises directory. */
  | 'PASSWORD_WRITEBACK_NEEDED'
  /** Access tokens that are already out may work for up to 90 minutes. */
  | 'TOKENS_LIVE_ON';

/** What kind of event it is. It decides what is offered. */
export type SecurityEventType =
  /** An account was disabled. */
  | 'ACCOUNT_DISABLED'
  /** An account was enabled again: keep watching it. */
  | 'ACCOUNT_ENABLED'
  /** A link was made that opens a file or folder to anybody. */
  | 'ANONYMOUS_LINK_CREATED'
  /** An application got more permissions, a new credential or a new owner. */
  | 'APPLICATION_PERMISSIONS_CHANGED'
  /** Mail is sent on outside the organisation: by a mailbox setting, an inbox rule or a transport rule. */
  | 'EXTERNAL_MAIL_FORWARDING'
  /** Somebody opened a mailbox of somebody else. */
  | 'MAILBOX_ACCESS_BY_NON_OWNER'
  /** Somebody was given access to a mailbox of somebody else. */
  | 'MAILBOX_ACCESS_GRANTED_TO_NON_OWNER'
  /** A method of multi-factor authentication was added, changed or removed. */
  | 'MFA_CHANGED'
  /** An alert raised by Microsoft itself. */
  | 'MICROSOFT_ALERT'
  /** A password was reset or changed. */
  | 'PASSWORD_RESET'
  /** A sign-in that looks like an attack: a risky place, or many failures before it. */
  | 'RISKY_SIGN_IN'
  /** An admin role was given to somebody. */
  | 'ROLE_ASSIGNED'
  /** An inbox rule that hides, deletes or moves mail the way attackers do. */
  | 'SUSPICIOUS_INBOX_RULE'
  /** An app was installed in a team, a chat or for a user. */
  | 'TEAMS_APP_INSTALLED'
  /** Any other telling activity of a user. */
  | 'USER_ACTIVITY'
  /** A user, or an administrator for everybody, consented to an application. */
  | 'USER_CONSENTED_TO_APP';

/** How bad the event looks, lowest first. */
export type Severity =
  /** Look at it now. */
  | 'HIGH'
  /** Good to know. */
  | 'INFORMATIONAL'
  /** Look at it some time today. */
  | 'LOW'
  /** Look at it soon. */
  | 'MEDIUM';

/** What a Teams app was installed for. */
export type TeamsAppScope =
  /** A chat. */
  | 'CHAT'
  /** A team. */
  | 'TEAM'
  /** One user. */
  | 'USER';

/** Whether we may work in the tenant. */
export type TenantStatus =
  /** Its consent is verified: events can be acted on. */
  | 'CONNECTED'
  /** Was connected once; nothing can be done there now. */
  | 'DISCONNECTED'
  /** Known only from imported records: every option is greyed out with `TENANT_NOT_CONNECTED`. */
  | 'NOT_CONNECTED'
  /** Connected by us; its consent is not verified yet. */
  | 'PENDING';

/** A service of Microsoft. */
export type UpstreamService =
  /** Exchange Online. */
  | 'EXCHANGE'
  /** Microsoft Graph. */
  | 'GRAPH';

export type EventsQueryVariables = Exact<{
  first?: number | null | undefined;
}>;


export type EventsQuery = { securityEvents: { edges: Array<{ node: { id: string, type: SecurityEventType, severity: Severity, title: string, occurredAt: string, tenant: { name: string }, subjects: Array<
          | { __typename: 'AnonymousIdentity', id: string, anonymousName: string }
          | { __typename: 'ApplicationSubject', id: string, displayName: string | null, appId: string | null }
          | { __typename: 'InboxRuleSubject', id: string, mailbox: string, ruleName: string | null }
          | { __typename: 'MailboxAccessSubject', id: string, mailbox: string, grantee: string }
          | { __typename: 'MailboxSubject', id: string, mailbox: string }
          | { __typename: 'SystemIdentity', id: string, systemName: string }
          | { __typename: 'TeamsAppSubject', id: string, displayName: string | null, scope: TeamsAppScope, scopeName: string | null }
          | { __typename: 'TransportRuleSubject', id: string, transportRuleName: string | null }
          | { __typename: 'UserSubject', id: string, userPrincipalName: string | null }
        >, availableRemediations: Array<{ kind: RemediationKind, title: string, recommended: boolean, viewerCan: boolean, warnings: Array<RemediationWarning>, remarks: Array<string>, subject:
            | { __typename: 'AnonymousIdentity', id: string, anonymousName: string }
            | { __typename: 'ApplicationSubject', id: string, displayName: string | null, appId: string | null }
            | { __typename: 'InboxRuleSubject', id: string, mailbox: string, ruleName: string | null }
            | { __typename: 'MailboxAccessSubject', id: string, mailbox: string, grantee: string }
            | { __typename: 'MailboxSubject', id: string, mailbox: string }
            | { __typename: 'SystemIdentity', id: string, systemName: string }
            | { __typename: 'TeamsAppSubject', id: string, displayName: string | null, scope: TeamsAppScope, scopeName: string | null }
            | { __typename: 'TransportRuleSubject', id: string, transportRuleName: string | null }
            | { __typename: 'UserSubject', id: string, userPrincipalName: string | null }
          , requirements: Array<
            | { consentUrl: string }
            | { signInUrl: string, acceptedRoles: Array<string> }
          > }>, greyedOutReasons: Array<{ kind: RemediationKind, code: GreyedOutCode, message: string, remedy: string | null, subject:
            | { __typename: 'AnonymousIdentity', id: string, anonymousName: string }
            | { __typename: 'ApplicationSubject', id: string, displayName: string | null, appId: string | null }
            | { __typename: 'InboxRuleSubject', id: string, mailbox: string, ruleName: string | null }
            | { __typename: 'MailboxAccessSubject', id: string, mailbox: string, grantee: string }
            | { __typename: 'MailboxSubject', id: string, mailbox: string }
            | { __typename: 'SystemIdentity', id: string, systemName: string }
            | { __typename: 'TeamsAppSubject', id: string, displayName: string | null, scope: TeamsAppScope, scopeName: string | null }
            | { __typename: 'TransportRuleSubject', id: string, transportRuleName: string | null }
            | { __typename: 'UserSubject', id: string, userPrincipalName: string | null }
           }>, remediationBanner: { message: string } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

type SubjectName_AnonymousIdentity_Fragment = { __typename: 'AnonymousIdentity', id: string, anonymousName: string };

type SubjectName_ApplicationSubject_Fragment = { __typename: 'ApplicationSubject', id: string, displayName: string | null, appId: string | null };

type SubjectName_InboxRuleSubject_Fragment = { __typename: 'InboxRuleSubject', id: string, mailbox: string, ruleName: string | null };

type SubjectName_MailboxAccessSubject_Fragment = { __typename: 'MailboxAccessSubject', id: string, mailbox: string, grantee: string };

type SubjectName_MailboxSubject_Fragment = { __typename: 'MailboxSubject', id: string, mailbox: string };

type SubjectName_SystemIdentity_Fragment = { __typename: 'SystemIdentity', id: string, systemName: string };

type SubjectName_TeamsAppSubject_Fragment = { __typename: 'TeamsAppSubject', id: string, displayName: string | null, scope: TeamsAppScope, scopeName: string | null };

type SubjectName_TransportRuleSubject_Fragment = { __typename: 'TransportRuleSubject', id: string, transportRuleName: string | null };

type SubjectName_UserSubject_Fragment = { __typename: 'UserSubject', id: string, userPrincipalName: string | null };

export type SubjectNameFragment =
  | SubjectName_AnonymousIdentity_Fragment
  | SubjectName_ApplicationSubject_Fragment
  | SubjectName_InboxRuleSubject_Fragment
  | SubjectName_MailboxAccessSubject_Fragment
  | SubjectName_MailboxSubject_Fragment
  | SubjectName_SystemIdentity_Fragment
  | SubjectName_TeamsAppSubject_Fragment
  | SubjectName_TransportRuleSubject_Fragment
  | SubjectName_UserSubject_Fragment
;

export type PlanQueryVariables = Exact<{
  eventId: string;
  subjectId: string;
}>;


export type PlanQuery = { planRemediation:
    | { __typename: 'InvalidInputError', code: RefusalCode, message: string }
    | { __typename: 'NotAllowedError', code: RefusalCode, message: string }
    | { __typename: 'NotFoundError', code: RefusalCode, message: string }
    | { __typename: 'RemediationPlan', calls: Array<{ kind: RemediationKind, describes: string, service: UpstreamService, method: string, path: string, credential: Credential, permissions: Array<string> }>, skipped: Array<{ kind: RemediationKind, code: GreyedOutCode, message: string }>, refusals: Array<
        | { code: RefusalCode, message: string }
        | { code: RefusalCode, message: string }
        | { code: RefusalCode, message: string }
        | { code: RefusalCode, message: string }
        | { code: RefusalCode, message: string }
        | { code: RefusalCode, message: string }
        | { code: RefusalCode, message: string }
        | { code: RefusalCode, message: string }
        | { code: RefusalCode, message: string }
        | { code: RefusalCode, message: string }
      > }
   };

export type BlockUserMutationVariables = Exact<{
  eventId: string;
  subjectId: string;
  idempotencyKey: string;
}>;


export type BlockUserMutation = { blockUser:
    | { __typename: 'AdminConsentRequiredError', code: RefusalCode, message: string, consentUrl: string, missingPermissions: Array<string>, grantableBy: Array<string> }
    | { __typename: 'CannotTargetSignedInUserError', code: RefusalCode, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: RefusalCode, message: string }
    | { __typename: 'InvalidInputError', code: RefusalCode, message: string, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'LastGlobalAdministratorError', code: RefusalCode, message: string }
    | { __typename: 'NotAllowedError', code: RefusalCode, message: string }
    | { __typename: 'NotFoundError', code: RefusalCode, message: string }
    | { __typename: 'PrivilegedSignInRequiredError', code: RefusalCode, message: string, signInUrl: string, acceptedRoles: Array<string>, expiresAt: string }
    | { __typename: 'RemediationRun', id: string, status: RemediationRunStatus, steps: Array<{ kind: RemediationKind, state: RemediationStepState, code: RemediationStepCode | null, message: string | null, remedy: string | null, retryable: boolean | null, evidence: unknown, upstreamRequestId: string | null }> }
    | { __typename: 'RemediationUnavailableError', code: RefusalCode, message: string, reasons: Array<{ kind: RemediationKind, code: GreyedOutCode, message: string, remedy: string | null }> }
    | { __typename: 'TenantUnhealthyError', code: RefusalCode, message: string, checks: Array<{ name: HealthCheckName, status: HealthStatus, message: string }> }
   };

export type AuditQueryVariables = Exact<{
  tenantId: string;
}>;


export type AuditQuery = { auditEntries: { edges: Array<{ node: { seq: number, at: string, name: string, sentence: string, kind: string | null, eventId: string | null, runId: string | null, details: unknown, operator: { displayName: string } | null } }> } | null };

export type ViewerAndHealthQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerAndHealthQuery = { viewer: { operator: { displayName: string }, grants: Array<{ roles: Array<string>, tenant: { id: string, name: string, status: TenantStatus, health: { status: HealthStatus, mendUrl: string | null, checks: Array<{ name: HealthCheckName, status: HealthStatus, message: string, blocks: Array<RemediationKind>, mendUrl: string | null }> } | null } }>, support: { email: string | null } } };

export type LiveSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type LiveSubscription = { securityEventAdded: { cursor: string, node: { id: string, type: SecurityEventType, severity: Severity, title: string, occurredAt: string, tenant: { name: string }, availableRemediations: Array<{ kind: RemediationKind, recommended: boolean, viewerCan: boolean }> } } };

export const SubjectNameFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SubjectName"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Subject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Node"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"userPrincipalName"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ApplicationSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}},{"kind":"Field","name":{"kind":"Name","value":"appId"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TeamsAppSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}},{"kind":"Field","name":{"kind":"Name","value":"scope"}},{"kind":"Field","name":{"kind":"Name","value":"scopeName"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InboxRuleSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"ruleName"},"name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"mailbox"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TransportRuleSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"transportRuleName"},"name":{"kind":"Name","value":"name"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MailboxSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mailbox"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MailboxAccessSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mailbox"}},{"kind":"Field","name":{"kind":"Name","value":"grantee"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SystemIdentity"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"systemName"},"name":{"kind":"Name","value":"name"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AnonymousIdentity"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"anonymousName"},"name":{"kind":"Name","value":"name"}}]}}]}}]} as unknown as DocumentNode<SubjectNameFragment, unknown>;
export const EventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Events"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"securityEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"severity"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"occurredAt"}},{"kind":"Field","name":{"kind":"Name","value":"tenant"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"subjects"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SubjectName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"availableRemediations"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"recommended"}},{"kind":"Field","name":{"kind":"Name","value":"viewerCan"}},{"kind":"Field","name":{"kind":"Name","value":"warnings"}},{"kind":"Field","name":{"kind":"Name","value":"remarks"}},{"kind":"Field","name":{"kind":"Name","value":"subject"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SubjectName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"requirements"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PrivilegedSignInRequirement"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"signInUrl"}},{"kind":"Field","name":{"kind":"Name","value":"acceptedRoles"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AdminConsentRequirement"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"consentUrl"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"greyedOutReasons"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"remedy"}},{"kind":"Field","name":{"kind":"Name","value":"subject"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SubjectName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"remediationBanner"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SubjectName"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Subject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Node"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"userPrincipalName"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ApplicationSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}},{"kind":"Field","name":{"kind":"Name","value":"appId"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TeamsAppSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}},{"kind":"Field","name":{"kind":"Name","value":"scope"}},{"kind":"Field","name":{"kind":"Name","value":"scopeName"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InboxRuleSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"ruleName"},"name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"mailbox"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TransportRuleSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"transportRuleName"},"name":{"kind":"Name","value":"name"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MailboxSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mailbox"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MailboxAccessSubject"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mailbox"}},{"kind":"Field","name":{"kind":"Name","value":"grantee"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SystemIdentity"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"systemName"},"name":{"kind":"Name","value":"name"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AnonymousIdentity"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"anonymousName"},"name":{"kind":"Name","value":"name"}}]}}]}}]} as unknown as DocumentNode<EventsQuery, EventsQueryVariables>;
export const PlanDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Plan"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"eventId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"subjectId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"planRemediation"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"eventId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"eventId"}}},{"kind":"ObjectField","name":{"kind":"Name","value":"subjectId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"subjectId"}}},{"kind":"ObjectField","name":{"kind":"Name","value":"actions"},"value":{"kind":"ListValue","values":[{"kind":"EnumValue","value":"DISABLE_USER"},{"kind":"EnumValue","value":"REVOKE_SESSIONS"}]}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RemediationPlan"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"calls"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"describes"}},{"kind":"Field","name":{"kind":"Name","value":"service"}},{"kind":"Field","name":{"kind":"Name","value":"method"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"credential"}},{"kind":"Field","name":{"kind":"Name","value":"permissions"}}]}},{"kind":"Field","name":{"kind":"Name","value":"skipped"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"refusals"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Refusal"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]} as unknown as DocumentNode<PlanQuery, PlanQueryVariables>;
export const BlockUserDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"BlockUser"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"eventId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"subjectId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"blockUser"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"eventId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"eventId"}}},{"kind":"ObjectField","name":{"kind":"Name","value":"subjectId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"subjectId"}}},{"kind":"ObjectField","name":{"kind":"Name","value":"actions"},"value":{"kind":"ListValue","values":[{"kind":"EnumValue","value":"DISABLE_USER"},{"kind":"EnumValue","value":"REVOKE_SESSIONS"}]}},{"kind":"ObjectField","name":{"kind":"Name","value":"idempotencyKey"},"value":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RemediationRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"steps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"remedy"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamRequestId"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Refusal"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AdminConsentRequiredError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"consentUrl"}},{"kind":"Field","name":{"kind":"Name","value":"missingPermissions"}},{"kind":"Field","name":{"kind":"Name","value":"grantableBy"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PrivilegedSignInRequiredError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"signInUrl"}},{"kind":"Field","name":{"kind":"Name","value":"acceptedRoles"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RemediationUnavailableError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reasons"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"remedy"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TenantUnhealthyError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"checks"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidInputError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"issues"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]}}]} as unknown as DocumentNode<BlockUserMutation, BlockUserMutationVariables>;
export const AuditDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Audit"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"tenantId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"auditEntries"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"tenantId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"tenantId"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"20"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"at"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"sentence"}},{"kind":"Field","name":{"kind":"Name","value":"operator"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"eventId"}},{"kind":"Field","name":{"kind":"Name","value":"runId"}},{"kind":"Field","name":{"kind":"Name","value":"details"}}]}}]}}]}}]}}]} as unknown as DocumentNode<AuditQuery, AuditQueryVariables>;
export const ViewerAndHealthDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ViewerAndHealth"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"operator"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"grants"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"tenant"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"health"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"checks"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"blocks"}},{"kind":"Field","name":{"kind":"Name","value":"mendUrl"}}]}},{"kind":"Field","name":{"kind":"Name","value":"mendUrl"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"roles"}}]}},{"kind":"Field","name":{"kind":"Name","value":"support"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"email"}}]}}]}}]}}]} as unknown as DocumentNode<ViewerAndHealthQuery, ViewerAndHealthQueryVariables>;
export const LiveDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"Live"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"securityEventAdded"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"severity"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"occurredAt"}},{"kind":"Field","name":{"kind":"Name","value":"tenant"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"availableRemediations"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"recommended"}},{"kind":"Field","name":{"kind":"Name","value":"viewerCan"}}]}}]}}]}}]}}]} as unknown as DocumentNode<LiveSubscription, LiveSubscriptionVariables>;