/** Audit records of made-up tenants, in the shapes that Microsoft writes. */
import type { Classified, ClassifyOptions } from '../../src/services/events/classify.ts'
import { classify } from '../../src/services/events/classify.ts'
import type { TenantSnapshot } from '../../src/services/events/snapshot.ts'

export const contoso = '6f1c4d5e-0000-4000-8000-00000000c0de'
export const litware = '7a2b3c4d-0000-4000-8000-0000000117a2'
export const alexObjectId = '11111111-aaaa-4aaa-8aaa-000000000001'
export const piaObjectId = '11111111-aaaa-4aaa-8aaa-000000000002'
export const graphAppId = '00000003-0000-0000-c000-000000000000'
export const clientAppId = '22222222-bbbb-4bbb-8bbb-000000000001'
export const clientPrincipalId = '22222222-bbbb-4bbb-8bbb-000000000002'
export const clientApplicationId = '22222222-bbbb-4bbb-8bbb-000000000003'
export const graphPrincipalId = '22222222-bbbb-4bbb-8bbb-000000000009'

/** What a tenant's snapshot says where its domains are known; nothing of our own application. */
export const contosoSnapshot: TenantSnapshot = {
  domains: new Set(['contoso.onmicrosoft.com', 'contoso.com', 'contoso.co.uk']),
  ownIds: new Set(),
}

export type RecordValues = Record<string, unknown>

const properties = (values: Record<string, string | [string, string]>) =>
  Object.entries(values).map(([Name, value]) => {
    const [OldValue, NewValue] = typeof value === 'string' ? ['', value] : value
    return { Name, OldValue, NewValue }
  })

const parameters = (values: Record<string, string>) => Object.entries(values).map(([Name, Value]) => ({ Name, Value }))

const common = (Operation: string): RecordValues => ({
  CreationTime: '2026-01-31T07:34:51',
  Id: '33333333-cccc-4ccc-8ccc-000000000001',
  Operation,
  OrganizationId: contoso,
  UserType: 0,
  Version: 1,
  ClientIP: '203.0.113.7',
  UserId: 'alex@contoso.com',
})

/** A record of Entra ID. `changed` are its `ModifiedProperties`. */
export function directoryRecord(
  Operation: string,
  changed: Record<string, string | [string, string]> = {},
  values: RecordValues = {},
): RecordValues {
  return {
    ...common(Operation),
    RecordType: 8,
    Workload: 'AzureActiveDirectory',
    ResultStatus: 'Success',
    UserKey: '100320012667a019@contoso.com',
    ModifiedProperties: properties(changed),
    Actor: [
      { ID: 'alex@contoso.com', Type: 5 },
      { ID: '100320012667A019', Type: 3 },
      { ID: `User_${alexObjectId}`, Type: 2 },
      { ID: alexObjectId, Type: 2 },
      { ID: 'User', Type: 2 },
    ],
    ActorContextId: contoso,
    ...values,
  }
}

export const onUser = (objectId = piaObjectId, address = 'Pia@contoso.com'): RecordValues => ({
  ObjectId: address,
  Target: [
    { ID: `User_${objectId}`, Type: 2 },
    { ID: objectId, Type: 2 },
    { ID: 'User', Type: 2 },
    { ID: address, Type: 5 },
    { ID: '100320012667A020', Type: 3 },
  ],
})

export const onClientApp: RecordValues = {
  ObjectId: clientAppId,
  Target: [
    { ID: `ServicePrincipal_${clientPrincipalId}`, Type: 2 },
    { ID: clientPrincipalId, Type: 2 },
    { ID: 'ServicePrincipal', Type: 2 },
    { ID: 'Sample App', Type: 1 },
    { ID: clientAppId, Type: 2 },
    { ID: clientAppId, Type: 4 },
  ],
}

export const onApplication: RecordValues = {
  ObjectId: `Application_${clientApplicationId}`,
  Target: [
    { ID: `Application_${clientApplicationId}`, Type: 2 },
    { ID: clientApplicationId, Type: 2 },
    { ID: 'Application', Type: 2 },
    { ID: 'Sample App', Type: 1 },
  ],
}

/** As grants name it: the resource, not the client. */
export const onGraph: RecordValues = {
  ObjectId: `${graphAppId}/ags.windows.net;${graphAppId};https://graph.microsoft.com`,
  Target: [
    { ID: `ServicePrincipal_${graphPrincipalId}`, Type: 2 },
    { ID: graphPrincipalId, Type: 2 },
    { ID: 'ServicePrincipal', Type: 2 },
    { ID: 'Microsoft Graph', Type: 1 },
    { ID: graphAppId, Type: 2 },
    { ID: `${graphAppId}/ags.windows.net;${graphAppId}`, Type: 4 },
  ],
}

export function consentRecord(values: RecordValues = {}): RecordValues {
  return directoryRecord(
    'Consent to application.',
    {
      'ConsentContext.IsAdminConsent': 'False',
      'ConsentContext.OnBehalfOfAll': 'False',
      'ConsentAction.Permissions': `[] => [[Id: x, ClientId: ${clientPrincipalId}, PrincipalId: ${alexObjectId}, ResourceId: ${graphPrincipalId}, ConsentType: Principal, Scope:  offline_access Mail.Read User.Read]]; `,
      'TargetId.ServicePrincipalNames': clientAppId,
    },
    { ...onClientApp, ...values },
  )
}

export function delegatedGrantRecord(values: RecordValues = {}): RecordValues {
  return directoryRecord(
    'Add delegated permission grant.',
    {
      'DelegatedPermissionGrant.Scope': ' offline_access Mail.Read User.Read',
      'DelegatedPermissionGrant.ConsentType': 'Principal',
      'ServicePrincipal.ObjectID': clientPrincipalId,
      'ServicePrincipal.DisplayName': '',
      'ServicePrincipal.AppId': '',
      'ServicePrincipal.Name': '',
    },
    { ...onGraph, ...values },
  )
}

/** A cmdlet of Exchange, run by an administrator or by the owner in Outlook. */
export function cmdletRecord(
  Operation: string,
  given: Record<string, string>,
  values: RecordValues = {},
): RecordValues {
  return {
    ...common(Operation),
    RecordType: 1,
    Workload: 'Exchange',
    ResultStatus: 'True',
    UserKey: '100320012667A019',
    UserType: 2,
    ClientIP: '203.0.113.7:52378',
    ExternalAccess: false,
    OrganizationName: 'contoso.onmicrosoft.com',
    OriginatingServer: 'AM0PR04MB0001 (15.20.4219.025)\r\n',
    Parameters: parameters(given),
    ...values,
  }
}

/** Something done in a mailbox: the owner's own unless `values` say otherwise. */
export function mailboxRecord(Operation: string, values: RecordValues = {}): RecordValues {
  return {
    ...common(Operation),
    RecordType: 2,
    Workload: 'Exchange',
    ResultStatus: 'Succeeded',
    UserKey: '100320012667A019',
    ClientIPAddress: '203.0.113.7',
    LogonType: 0,
    LogonUserSid: 'S-1-5-21-1-2-3-1001',
    MailboxOwnerSid: 'S-1-5-21-1-2-3-1001',
    MailboxOwnerUPN: 'alex@contoso.com',
    MailboxGuid: '44444444-dddd-4ddd-8ddd-000000000001',
    OrganizationName: 'contoso.onmicrosoft.com',
    ...values,
  }
}

export function teamsRecord(Operation: string, values: RecordValues = {}): RecordValues {
  return { ...common(Operation), RecordType: 25, Workload: 'MicrosoftTeams', UserKey: alexObjectId, ...values }
}

export function signInRecord(Operation: string, values: RecordValues = {}): RecordValues {
  return {
    ...common(Operation),
    RecordType: 15,
    Workload: 'AzureActiveDirectory',
    ResultStatus: 'Success',
    UserKey: alexObjectId,
    Actor: [
      { ID: alexObjectId, Type: 0 },
      { ID: 'alex@contoso.com', Type: 5 },
    ],
    ...values,
  }
}

/** The event of a record; fails when there is none. */
export function eventOf(record: unknown, options: ClassifyOptions = {}) {
  const classified = classify(record, options)
  if (classified.outcome !== 'EVENT') throw new Error(`No event: ${JSON.stringify(classified)}`)
  return classified.event
}

/** The type of the event, or the outcome when there is none. */
export function verdictOf(record: unknown, options: ClassifyOptions = {}): string {
  const classified: Classified = classify(record, options)
  return classified.outcome === 'EVENT' ? classified.event.type : classified.outcome
}
