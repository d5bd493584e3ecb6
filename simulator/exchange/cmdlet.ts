/** What a cmdlet of Exchange is. Each has a file in `cmdlets/`; `invoke.ts` enforces what it says. */
import type { DirectoryRoleName } from '../directory-roles.ts'
import type { Caller, Engine } from '../engine-types.ts'
import type { Tenant } from '../world.ts'

/** `identity`, text or number; `texts` also takes one text. */
export type ParameterType = 'text' | 'texts' | 'boolean' | 'number'

/** How a property's type is annotated beside it. */
export type PropertyType = 'String' | 'Boolean' | 'Guid' | 'DateTime' | 'Int32' | 'UInt64' | 'Collection(String)'

export type ExchangeObject = Record<string, unknown>

export interface Cmdlet {
  name: string
  /** Entra roles whose holders may run it. */
  roles: readonly DirectoryRoleName[]
  mutates: boolean
  parameters: Readonly<Record<string, ParameterType>>
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
  /** Checked, by the names that the cmdlet declares. */
  parameters: Readonly<Record<string, unknown>>
}

export interface CmdletOutput {
  value: readonly ExchangeObject[]
  warnings?: readonly string[]
  /** A question that nobody answered: then nothing was done. */
  confirmation?: string
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

/** Roles with Mail Recipients: only they change mailboxes and see inbox rules. */
export const recipientAdministrators: readonly DirectoryRoleName[] = [
  'Global Administrator',
  'Exchange Administrator',
  'Exchange Recipient Administrator',
]

/** Roles that may run every cmdlet. */
export const administrators: readonly DirectoryRoleName[] = ['Global Administrator', 'Exchange Administrator']
