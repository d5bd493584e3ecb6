import { z } from 'zod'
import { canonicalAddress } from './addresses.ts'
import { isObject, stringOf } from './json-in-strings.ts'

/** A change of one property as directory records tell it: both values are strings, often with JSON inside. */
export interface Change {
  oldValue: string
  newValue: string
}

/** A field that holds something else than text counts as absent: nothing in a record is trusted. */
const text = z.string().optional().catch(undefined)
const number = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d{1,9}$/)
      .transform(Number),
  ])
  .optional()
  .catch(undefined)

const scalarText = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined

function entriesOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.slice(0, 1000).filter(isObject) : []
}

/** `Name`/`Value` pairs as a map; the one-line form `-Name "…" -Comment "…"` is read too. */
function nameValues(value: unknown): ReadonlyMap<string, string> {
  const map = new Map<string, string>()
  if (typeof value === 'string') {
    for (const [, name = '', inQuotes, bare] of value.slice(0, 100_000).matchAll(/-(\w+) (?:"([^"]*)"|(\S+))/g))
      map.set(name, inQuotes ?? bare ?? '')
    return map
  }
  for (const entry of entriesOf(value)) {
    const found = scalarText(entry['Value'])
    if (typeof entry['Name'] === 'string' && found !== undefined && !map.has(entry['Name']))
      map.set(entry['Name'], found)
  }
  return map
}

function changes(value: unknown): ReadonlyMap<string, Change> {
  const map = new Map<string, Change>()
  for (const entry of entriesOf(value)) {
    if (typeof entry['Name'] !== 'string' || map.has(entry['Name'])) continue
    map.set(entry['Name'], {
      oldValue: scalarText(entry['OldValue']) ?? '',
      newValue: scalarText(entry['NewValue']) ?? '',
    })
  }
  return map
}

function identities(value: unknown): { id: string; type: number }[] {
  return entriesOf(value).flatMap((entry) => {
    const type = typeof entry['Type'] === 'number' ? entry['Type'] : -1
    return typeof entry['ID'] === 'string' ? [{ id: entry['ID'], type }] : []
  })
}

const schema = z.object({
  Id: text,
  CreationTime: text,
  Operation: text,
  OrganizationId: text,
  OrganizationName: text,
  Workload: text,
  RecordType: number,
  UserType: number,
  UserId: text,
  UserKey: text,
  ObjectId: text,
  ResultStatus: text,
  ClientIP: text,
  ClientIPAddress: text,
  ActorIpAddress: text,
  ActorContextId: text,
  AppId: text,
  ClientAppId: text,
  AppAccessContext: z.unknown().optional(),
  LogonError: text,
  ErrorNumber: z
    .union([z.string(), z.number().transform(String)])
    .optional()
    .catch(undefined),
  LogonType: number,
  LogonUserSid: text,
  MailboxOwnerSid: text,
  MailboxOwnerUPN: text,
  MailboxGuid: text,
  ClientInfoString: text,
  UserAgent: text,
  EventData: text,
  SiteUrl: text,
  SourceFileName: text,
  TargetUserOrGroupName: text,
  AddOnGuid: text,
  AddOnName: text,
  AddOnType: number,
  AppDistributionMode: text,
  AzureADAppId: text,
  AADGroupId: text,
  TeamGuid: text,
  TeamName: text,
  ChatThreadId: text,
  TargetUserId: text,
  AlertId: text,
  AlertEntityId: text,
  EntityType: text,
  Name: text,
  Severity: text,
  Category: text,
  Data: text,
  Subject: text,
  Item: z.unknown().optional(),
  Members: z.unknown().optional(),
  Recipients: z.unknown().optional(),
  ExchangeMetaData: z.unknown().optional(),
  SharePointMetaData: z.unknown().optional(),
  PolicyDetails: z.unknown().optional(),
  Actor: z.unknown().optional(),
  Target: z.unknown().optional(),
  ModifiedProperties: z.unknown().optional(),
  Parameters: z.unknown().optional(),
  ExtendedProperties: z.unknown().optional(),
  OperationProperties: z.unknown().optional(),
})

/** The fields that classification reads, each of the type it should have, or absent. Names are Microsoft's. */
export type AuditRecord = ReturnType<typeof structured>

/** Null only for what is no object at all. */
export function parseRecord(value: object): AuditRecord | null {
  const parsed = schema.safeParse(value)
  return parsed.success ? structured(parsed.data) : null
}

function structured(data: z.infer<typeof schema>) {
  return {
    ...data,
    Actor: identities(data.Actor),
    Target: identities(data.Target),
    ModifiedProperties: changes(data.ModifiedProperties),
    Parameters: nameValues(data.Parameters),
    ExtendedProperties: nameValues(data.ExtendedProperties),
    OperationProperties: nameValues(data.OperationProperties),
    /** The app that the token was issued to, where the workload tells it there. */
    AppAccessContext: { ClientAppId: stringOf(data.AppAccessContext, 'ClientAppId') },
    /** `Operation` in lower case, without the full stop of directory records, with plain dashes. */
    operation: operationKey(data.Operation ?? ''),
  }
}

export function operationKey(operation: string): string {
  return operation
    .slice(0, 300)
    .toLowerCase()
    .replace(/[\u2010-\u2015]/g, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\.$/, '')
}

/** Whether it happened. Absent means yes; sign-ins must be judged by operation, not by this. */
export function succeeded(record: AuditRecord): boolean {
  const status = record.ResultStatus?.trim().toLowerCase() ?? ''
  return !['failed', 'failure', 'fail', 'false', 'error'].includes(status)
}

/** The first field that holds a usable address. */
export function clientAddress(record: AuditRecord): string | null {
  for (const field of [record.ClientIPAddress, record.ClientIP, record.ActorIpAddress]) {
    const address = canonicalAddress(field)
    if (address !== null) return address
  }
  return null
}

/** A new value of `ModifiedProperties`; blank and `[]` count as absent. */
export function newValueOf(record: AuditRecord, name: string): string | undefined {
  const value = record.ModifiedProperties.get(name)?.newValue.trim()
  return value === undefined || value === '' || value === '[]' ? undefined : value
}
