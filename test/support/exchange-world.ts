import { anApplication, aTenant, aWorld, type PersonDraft, person, userOf, withApp } from '../../simulator/builders.ts'
import type { DirectoryRoleName } from '../../simulator/directory-roles.ts'
import type { CmdletName } from '../../simulator/exchange/cmdlet-table.ts'
import type { Tenant } from '../../simulator/world.ts'
import { aMicrosoft, type TestMicrosoft } from './microsoft.ts'
import { callMicrosoft, type WireAnswer } from './microsoft-calls.ts'

/** Contoso with one application, and cmdlets run by it or by a person. */
export interface ExchangeWorld {
  microsoft: TestMicrosoft
  tenant: Tenant
  run(cmdlet: CmdletName, parameters?: object, options?: RunOptions): Promise<WireAnswer>
  close(): Promise<void>
}

export interface RunOptions {
  /** Display name of a person; default: the application itself. */
  as?: string
  /** Path and query; default: `InvokeCommand` of the tenant. */
  path?: string
  prefer?: string
}

export interface ExchangeWorldOptions {
  /** Of the application's service principal. */
  roles?: DirectoryRoleName[]
  /** Application permissions. */
  permissions?: readonly string[]
  /** Delegated permissions. */
  delegated?: readonly string[]
  /** Before it starts. */
  prepare?: (tenant: Tenant) => void
}

const people: PersonDraft[] = [
  person('Ada'),
  person('Bruno'),
  person('Carla', { mailbox: false }),
  person('Dmitri'),
  person('Hana', { roles: ['Exchange Administrator'] }),
  person('Accounts', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
]

export async function anExchangeWorld(options: ExchangeWorldOptions = {}): Promise<ExchangeWorld> {
  const { roles = ['Exchange Administrator'], permissions = ['Exchange.ManageAsApp'], prepare } = options
  const application = anApplication({ displayName: 'Caller', appRoles: [] })
  const tenant = aTenant({ people: structuredClone(people) })
  prepare?.(tenant)
  withApp(tenant, application, { roles, permissions, delegated: options.delegated ?? ['Exchange.Manage'] })
  const microsoft = await aMicrosoft(aWorld({ tenants: [tenant], applications: [application] }))
  return {
    microsoft,
    tenant,
    run: (CmdletName, Parameters = {}, { as, path, prefer } = {}) => {
      const token = microsoft.token({
        tenantId: tenant.id,
        appId: application.appId,
        audience: 'https://outlook.office365.com',
        userId: as === undefined ? undefined : userOf(tenant, as).id,
      })
      return callMicrosoft(microsoft, path ?? `/adminapi/beta/${tenant.id}/InvokeCommand`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, ...(prefer === undefined ? {} : { Prefer: prefer }) },
        body: { CmdletInput: { CmdletName, Parameters } },
      })
    },
    close: () => microsoft.close(),
  }
}

export interface CmdletBody {
  value: Record<string, unknown>[]
  '@adminapi.warnings': string[]
  '@adminapi.confirmationmessage'?: string
  '@odata.nextLink'?: string
}

/** What a cmdlet answered with. */
export const bodyOf = ({ body }: WireAnswer): CmdletBody => body as CmdletBody

/** `Ex6F9304|exception|message` of a refusal. */
export const pipedText = ({ body }: WireAnswer): string =>
  (body as { error: { details: { message: string }[] } }).error.details[0]?.message ?? ''

/** Unknown cmdlet, or none of the caller's, for `toMatchObject`. */
export const notAvailable = { status: 403, headers: { 'content-encoding': 'gzip' }, body: null }
