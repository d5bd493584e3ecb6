/**
 * What a published record asks to be removed, read in a small way of its own and not by the product's classification: tests hold the
 * two against each other.
 */
import type { RemediationKind } from '../../src/services/remediations/types.ts'
import type { PublishedRecord } from './published-records.ts'

/** Names of the data's own description for what the product speaks of. */
export type PublishedSign =
  | 'consent'
  | 'permission grant'
  | 'permissions asked for'
  | 'credential'
  | 'owner'
  | 'inbox rule'
  | 'mailbox forwarding'
  | 'mailbox access'

export interface PublishedTarget {
  sign: PublishedSign
  kind: RemediationKind
  /** As the subject of the event must have them, among others. */
  attributes: Record<string, string>
}

export const changed = ({ ModifiedProperties = [] }: PublishedRecord, name: string) =>
  ModifiedProperties.find((one) => one.Name === name)
export const newValue = (record: PublishedRecord, name: string) => changed(record, name)?.NewValue || undefined
export const parameter = ({ Parameters }: PublishedRecord, name: string) =>
  Array.isArray(Parameters) ? Parameters.find((one) => one.Name === name)?.Value : undefined
export const targeted = ({ Target = [] }: PublishedRecord, prefix: string) =>
  Target.find(({ ID }) => ID.startsWith(prefix))?.ID.slice(prefix.length)
export const lastOfPath = (path = '') => path.slice(path.lastIndexOf('/') + 1)
const told = (values: Record<string, string | undefined>) =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined))

/** The client of a grant, never its `Target`: that is the resource. */
const client = (record: PublishedRecord) =>
  told({
    servicePrincipalId: newValue(record, 'ServicePrincipal.ObjectID'),
    appId: newValue(record, 'ServicePrincipal.AppId'),
  })

/** Null: nothing to remove. */
export function publishedTarget(record: PublishedRecord): PublishedTarget | null {
  if (record.ResultStatus === 'Failure') return null
  const removeApp = (sign: PublishedSign, attributes: Record<string, string>) => ({
    sign,
    kind: 'REMOVE_APP' as const,
    attributes,
  })
  const registration = () => told({ applicationId: targeted(record, 'Application_') })
  switch (record.Operation) {
    case 'Consent to application.':
      return removeApp('consent', {
        ...told({ appId: record.ObjectId, servicePrincipalId: targeted(record, 'ServicePrincipal_') }),
        displayName: record.Target?.find(({ Type }) => Type === 1)?.ID ?? '',
      })
    case 'Add OAuth2PermissionGrant.':
    case 'Add delegated permission grant.':
    case 'Add app role assignment to service principal.':
      return removeApp('permission grant', client(record))
    case 'Update application.':
      return grew(record, 'RequiredResourceAccess', askedFor)
        ? removeApp('permissions asked for', registration())
        : null
    case 'Update application – Certificates and secrets management ':
      return grew(record, 'KeyDescription', JSON.parse) ? removeApp('credential', registration()) : null
    case 'Add owner to application.':
      return removeApp(
        'owner',
        told({
          applicationId: newValue(record, 'Application.ObjectID'),
          appId: newValue(record, 'Application.AppId'),
        }),
      )
    case 'New-InboxRule': {
      const [mailbox = '', name = ''] = lastOfPath(record.ObjectId).split('\\')
      return parameter(record, 'DeleteMessage') === 'True'
        ? { sign: 'inbox rule', kind: 'REMOVE_INBOX_RULE', attributes: { mailbox, name: name.trim() } }
        : null
    }
    case 'Set-Mailbox': {
      const to = parameter(record, 'ForwardingSmtpAddress')?.replace(/^smtp:/, '')
      return to
        ? {
            sign: 'mailbox forwarding',
            kind: 'REMOVE_MAILBOX_FORWARDING',
            attributes: { mailbox: lastOfPath(record.ObjectId), forwardingSmtpAddress: to },
          }
        : null
    }
    case 'Add-MailboxPermission':
      return record.UserType === 3
        ? null
        : {
            sign: 'mailbox access',
            kind: 'REMOVE_MAILBOX_ACCESS',
            attributes: {
              mailbox: lastOfPath(parameter(record, 'Identity')),
              grantee: lastOfPath(parameter(record, 'User')),
            },
          }
    default:
      return null
  }
}

/** Something stands in the new list that was not in the old one. */
function grew(record: PublishedRecord, property: string, listIn: (json: string) => string[]): boolean {
  const { OldValue = '[]', NewValue = '[]' } = changed(record, property) ?? {}
  const before = listIn(OldValue)
  return listIn(NewValue).some((one) => !before.includes(one))
}

const askedFor = (text: string): string[] =>
  (JSON.parse(text) as { ResourceAppId: string; RequiredAppPermissions: object[] }[]).flatMap(
    ({ ResourceAppId, RequiredAppPermissions }) =>
      RequiredAppPermissions.map((permission) => `${ResourceAppId} ${JSON.stringify(permission)}`),
  )

/** Ids and names of the APIs that records grant access to: what must never be taken for the app. */
export function resourceOf(record: PublishedRecord): string[] {
  if (
    !/^Add (OAuth2PermissionGrant|delegated permission grant|app role assignment to service principal)\.$/.test(
      record.Operation ?? '',
    )
  )
    return []
  return (record.Target ?? []).flatMap(({ ID, Type }) => (Type === 1 || /^[0-9a-f-]{36}$/.test(ID) ? [ID] : []))
}
