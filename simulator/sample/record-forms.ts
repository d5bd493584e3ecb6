/** Forms of Office 365 Management Activity records, by workload: our own data in Microsoft's shapes, quirks included. */
import { createHash } from 'node:crypto'
import { guid } from '../ids.ts'
import { sidOf } from '../mailbox-access.ts'
import { graphAppId } from '../microsoft-resources.ts'
import type { Tenant, User } from '../world.ts'

export type AuditRecord = Record<string, unknown>

/** An actor or target as records name it. */
export interface Who {
  userId: string
  objectId: string | null
  userKey: string
  userType: number
  /** As Exchange calls it, where that differs. */
  exchangeUserId?: string
  /** An application, by its service principal. */
  application?: { id: string; appId: string; displayName: string }
}

export interface When {
  /** Hours before now. */
  hoursAgo: number
  /** Seconds after that: for records of one action. */
  plusSeconds?: number
}

export interface Modified {
  Name: string
  NewValue: string
  OldValue: string
}

export interface RecordForms {
  entra(when: When, operation: string, actor: Who, details: EntraDetails): AuditRecord
  signIn(
    when: When,
    user: Who,
    details: { failed?: string; errorNumber?: string; ip: string; application?: string },
  ): AuditRecord
  exchangeAdmin(
    when: When,
    operation: string,
    actor: Who,
    objectId: string,
    parameters: Record<string, string>,
  ): AuditRecord
  mailbox(when: When, operation: string, actor: Who, owner: User, details?: AuditRecord): AuditRecord
  sharePoint(when: When, operation: string, actor: Who, file: string, details?: AuditRecord): AuditRecord
  teams(when: When, operation: string, actor: Who, details: AuditRecord): AuditRecord
  alert(when: When, operation: string, name: string, about: string, severity: string): AuditRecord
}

export interface EntraDetails {
  objectId?: string
  category: 'User' | 'ServicePrincipal' | 'Application' | 'Role'
  target: { ID: string; Type: number }[]
  modified?: Modified[]
  status?: 'Success' | 'Failure'
  ip?: string
}

export const puidOf = (objectId: string): string =>
  `10032001${createHash('sha256').update(objectId).digest('hex').slice(0, 8).toUpperCase()}`

export const who = (user: User): Who => ({
  userId: user.userPrincipalName,
  objectId: user.id,
  userKey: puidOf(user.id),
  userType: 0,
})

export const service = (userId: string, userType = 4): Who => ({
  userId,
  objectId: null,
  userKey: 'Not Available',
  userType,
})

/** A partner's technician as Entra's records name one: no user of this tenant. */
export const technicianOf = (tenant: Tenant, { tenantId, userId }: { tenantId: string; userId: string }): Who => ({
  userId: `user_${userId.replaceAll('-', '')}@${initialDomain(tenant)}`,
  objectId: userId,
  userKey: 'Not Available',
  userType: 9,
  exchangeUserId: `${initialDomain(tenant)}\\tenant: ${tenantId}, object: ${userId}`,
})

/** A person as the target of a directory record. */
export const userTarget = (user: User): EntraDetails['target'] => [
  { ID: `User_${user.id}`, Type: 2 },
  { ID: user.id, Type: 2 },
  { ID: 'User', Type: 2 },
  { ID: user.userPrincipalName, Type: 5 },
  { ID: puidOf(user.id), Type: 3 },
]

export const principalTarget = (id: string, name: string, appId: string): EntraDetails['target'] => [
  { ID: `ServicePrincipal_${id}`, Type: 2 },
  { ID: id, Type: 2 },
  { ID: 'ServicePrincipal', Type: 2 },
  { ID: name, Type: 1 },
  { ID: appId, Type: 2 },
  { ID: appId, Type: 4 },
]

export const applicationTarget = ({ id, displayName }: { id: string; displayName: string }): EntraDetails['target'] => [
  { ID: `Application_${id}`, Type: 2 },
  { ID: id, Type: 2 },
  { ID: 'Application', Type: 2 },
  { ID: displayName, Type: 1 },
]

export const modified = (Name: string, NewValue: string, OldValue = ''): Modified => ({ Name, NewValue, OldValue })

/** A mailbox or person as Exchange's parameters name it. */
export const directoryPath = (tenant: Tenant, alias: string): string =>
  `EURPR05A009.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/${initialDomain(tenant)}/${alias}`

export const initialDomain = (tenant: Tenant): string => tenant.domains[0]?.id ?? ''

export const aliasOf = (user: User): string => user.userPrincipalName.split('@')[0] ?? ''

/** Ids follow from the tenant, the series, the operation and the order of making. */
export function recordForms(tenant: Tenant, now: Date, series = ''): RecordForms {
  let made = 0
  const numbered = (what: string, ...words: string[]): string =>
    guid(tenant.id, what, ...(series ? [series] : []), String(made), ...words)
  const common = (when: When, operation: string, actor: Who, recordType: number, workload: string): AuditRecord => {
    made += 1
    const at = new Date(now.getTime() - when.hoursAgo * 3_600_000 + (when.plusSeconds ?? 0) * 1000)
    return {
      // UTC, and the real ones carry no zone either.
      CreationTime: at.toISOString().slice(0, 19),
      Id: numbered('record', operation),
      Operation: operation,
      OrganizationId: tenant.id,
      RecordType: recordType,
      UserKey: actor.userKey,
      UserType: actor.userType,
      Version: 1,
      Workload: workload,
      UserId: actor.userId,
    }
  }
  const exchangeCommon = { ExternalAccess: false, OrganizationName: initialDomain(tenant), AppId: '', ClientAppId: '' }

  return {
    entra: (
      when,
      operation,
      actor,
      { objectId, category, target, modified: changes = [], status = 'Success', ip },
    ) => ({
      ...common(when, operation, actor, 8, 'AzureActiveDirectory'),
      UserKey: actor.objectId ? `${actor.userKey}@${initialDomain(tenant)}` : actor.userKey,
      ResultStatus: status,
      ...(ip ? { ClientIP: ip, ActorIpAddress: ip } : {}),
      ObjectId: objectId ?? 'Not Available',
      AzureActiveDirectoryEventType: 1,
      ExtendedProperties: [
        { Name: 'additionalDetails', Value: '{"User-Agent":"EvoSTS"}' },
        { Name: 'extendedAuditEventCategory', Value: category },
      ],
      ModifiedProperties: changes,
      Actor: actorList(actor),
      ActorContextId: tenant.id,
      InterSystemsId: numbered('correlation'),
      IntraSystemId: numbered('intra'),
      SupportTicketId: '',
      Target: target,
      TargetContextId: tenant.id,
    }),

    signIn: (when, user, { failed, errorNumber, ip, application }) => ({
      ...common(when, failed ? 'UserLoginFailed' : 'UserLoggedIn', user, 15, 'AzureActiveDirectory'),
      UserKey: user.objectId ?? user.userKey,
      // Failed sign-ins say `Success` here more often than not.
      ResultStatus: failed && errorNumber === '50126' ? 'Failed' : 'Success',
      ClientIP: ip,
      ObjectId: graphAppId,
      AzureActiveDirectoryEventType: 1,
      ExtendedProperties: [
        { Name: 'ResultStatusDetail', Value: failed ? 'UserError' : 'Success' },
        { Name: 'UserAgent', Value: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36' },
        { Name: 'RequestType', Value: 'OAuth2:Authorize' },
      ],
      ModifiedProperties: [],
      Actor: [
        { ID: user.objectId ?? '', Type: 0 },
        { ID: user.userId, Type: 5 },
      ],
      ActorContextId: tenant.id,
      ActorIpAddress: ip,
      InterSystemsId: numbered('correlation'),
      IntraSystemId: numbered('intra'),
      SupportTicketId: '',
      Target: [{ ID: graphAppId, Type: 0 }],
      TargetContextId: tenant.id,
      ApplicationId: application ?? '4765445b-32c6-49b0-83e6-1d93765276ca',
      ...(failed ? { ErrorNumber: errorNumber, LogonError: failed } : {}),
    }),

    exchangeAdmin: (when, operation, actor, objectId, parameters) => ({
      ...common(when, operation, actor, 1, 'Exchange'),
      UserId: actor.exchangeUserId ?? actor.userId,
      UserType: exchangeUserType(actor),
      ResultStatus: 'True',
      ...(actor.objectId ? { ClientIP: '203.0.113.24:52378' } : {}),
      ObjectId: objectId,
      ...exchangeCommon,
      AppId: actor.application?.appId ?? '',
      OriginatingServer: 'AM0PR05MB0001 (15.20.8000.001)',
      Parameters: Object.entries(parameters).map(([Name, Value]) => ({ Name, Value })),
      SessionId: '',
    }),

    mailbox: (when, operation, actor, owner, details = {}) => ({
      ...common(when, operation, actor, 2, 'Exchange'),
      ResultStatus: 'Succeeded',
      ClientIPAddress: '198.51.100.40',
      ClientInfoString: 'Client=OWA;Action=ViaProxy',
      ...exchangeCommon,
      InternalLogonType: 0,
      LogonType: actor.objectId === owner.id ? 0 : 2,
      LogonUserSid: sidOf(actor.objectId ?? guid(actor.userId)),
      MailboxGuid: guid(owner.id, 'mailbox'),
      MailboxOwnerSid: sidOf(owner.id),
      MailboxOwnerUPN: owner.userPrincipalName,
      OriginatingServer: 'AM0PR05MB0001 (15.20.8000.001)\r\n',
      ...details,
    }),

    sharePoint: (when, operation, actor, file, details = {}) => ({
      ...common(when, operation, actor, 14, 'SharePoint'),
      // SharePoint and OneDrive write addresses in lower case.
      UserId: actor.userId.toLowerCase(),
      UserKey: actor.objectId ? `i:0h.f|membership|${actor.userKey.toLowerCase()}@live.com` : actor.userKey,
      ClientIP: '203.0.113.77',
      ObjectId: `https://${siteHost(tenant)}/sites/shared/Documents/${file}`,
      CorrelationId: numbered('correlation'),
      EventSource: 'SharePoint',
      ItemType: 'File',
      SiteUrl: `https://${siteHost(tenant)}/sites/shared/`,
      SourceFileName: file,
      SourceFileExtension: file.split('.').at(-1) ?? '',
      SourceRelativeUrl: 'Documents',
      ...details,
    }),

    teams: (when, operation, actor, details) => ({
      ...common(when, operation, actor, 25, 'MicrosoftTeams'),
      UserKey: actor.objectId ?? actor.userKey,
      ...details,
    }),

    alert: (when, operation, name, about, severity) => ({
      ...common(when, operation, service('SecurityComplianceAlerts'), 40, 'SecurityComplianceCenter'),
      UserKey: 'SecurityComplianceAlerts',
      ResultStatus: 'Succeeded',
      ObjectId: about,
      AlertId: guid(tenant.id, 'alert', name, about),
      AlertType: 'System',
      AlertEntityId: about,
      Category: 'ThreatManagement',
      Comments: 'New alert',
      Data: JSON.stringify({
        etype: 'User',
        eid: about,
        f3u: about,
        tid: tenant.id,
        an: name,
        sev: severity,
        op: operation,
      }),
      EntityType: 'User',
      Name: name,
      PolicyId: guid('alertPolicy', name),
      Severity: severity,
      Source: 'Office 365 Security & Compliance',
      Status: 'Active',
    }),
  }
}

/** An application is `Application` here and `System` in Entra's records. */
function exchangeUserType({ objectId, application, userType }: Who): number {
  if (application) return 5
  return objectId ? 2 : userType
}

function actorList({ userId, objectId, userKey, application }: Who): { ID: string; Type: number }[] {
  if (application) {
    return [
      { ID: application.displayName, Type: 1 },
      { ID: application.appId, Type: 2 },
      { ID: `ServicePrincipal_${application.id}`, Type: 2 },
      { ID: application.id, Type: 2 },
      { ID: 'ServicePrincipal', Type: 2 },
    ]
  }
  if (!objectId) return [{ ID: userId, Type: 1 }]
  return [
    { ID: userId, Type: 5 },
    { ID: userKey, Type: 3 },
    { ID: `User_${objectId}`, Type: 2 },
    { ID: objectId, Type: 2 },
    { ID: 'User', Type: 2 },
  ]
}

const siteHost = (tenant: Tenant): string => initialDomain(tenant).replace('.onmicrosoft.com', '.sharepoint.com')
