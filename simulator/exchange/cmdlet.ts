/** What a cmdlet of Exchange is: its parameters are in `cmdlet-table.ts`, its work in `cmdlets/`; `invoke.ts` enforces both. */
import type { DirectoryRoleName } from '../directory-roles.ts'
import type { Caller, Engine } from '../engine-types.ts'
import type { Tenant } from '../world.ts'
import type { CmdletName } from './cmdlet-table.ts'

/** How a property's type is annotated beside it. */
export type PropertyType = 'String' | 'Boolean' | 'Guid' | 'DateTime' | 'Int32' | 'UInt64' | 'Collection(String)'

export type ExchangeObject = Record<string, unknown>

export interface Cmdlet {
  name: CmdletName
  /** Entra roles whose holders may run it. */
  roles: readonly DirectoryRoleName[]
  mutates: boolean
  /** Of the objects that it answers with. */
  properties: Readonly<Record<string, PropertyType>>
  /** Throws `ExchangeError`. */
  run: (call: CmdletCall) => CmdletOutput
}

export interface CmdletCall {
  engine: Engine
  caller: Caller
  /** The caller's; an older state when the read is to be stale. */
  tenant: Tenant
  /** Checked, by the names that the table declares. */
  parameters: Readonly<Record<string, unknown>>
}

export interface CmdletOutput {
  value: readonly ExchangeObject[]
  warnings?: readonly string[]
  /** A question that nobody answered: then nothing was done. */
  confirmation?: string
  /** What was changed, as the audit log calls it; without it nothing was. */
  changed?: string
}

/** Roles that the service accepts for applications; all may read recipients and the organization. */
export const readers: readonly DirectoryRoleName[] = [
  'Global Administrator',
  'Exchange Administrator',
  'Exchange Recipient Administrator',
  'Compliance Administrator',
  'Security Administrator',
  'Security Reader',
  'Helpdesk Administrator',
  'Global Reader',
]

/** Roles that may read the configuration, transport rules among it. */
export const configurationReaders: readonly DirectoryRoleName[] = [
  'Global Administrator',
  'Exchange Administrator',
  'Compliance Administrator',
  'Security Administrator',
  'Security Reader',
  'Global Reader',
]

/** Roles with Mail Recipients: only they change mailboxes and access to them, and see inbox rules. */
export const recipientAdministrators: readonly DirectoryRoleName[] = [
  'Global Administrator',
  'Exchange Administrator',
  'Exchange Recipient Administrator',
]

/** Roles that may run every cmdlet: only they have Transport Rules. */
export const administrators: readonly DirectoryRoleName[] = ['Global Administrator', 'Exchange Administrator']
