/** What the gateway says to Exchange, against the simulator's table of cmdlets, and that table against Microsoft's own. */
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type CmdletShape,
  cmdletTable,
  commonParameters,
  type ParameterType,
  shapeOf,
} from '../../simulator/exchange/cmdlet-table.ts'
import { everyRemediation } from '../support/every-remediation.ts'
import type { WireRecord } from '../support/wire.ts'

const oneRule = {
  Identity: 'text',
  Mailbox: 'text',
  Force: 'boolean',
  AlwaysDeleteOutlookRulesBlob: 'boolean',
} as const

/** Cmdlets and parameters as the reference has them (section 4.6; `Confirm` and `ResultSize`: 4.1; `Get-OrganizationConfig`: 13). */
const documented: Record<string, { parameters: Record<string, ParameterType>; required?: string[] }> = {
  'Get-Mailbox': { parameters: { Identity: 'text', RecipientTypeDetails: 'texts', Filter: 'text' } },
  'Set-Mailbox': {
    parameters: {
      Identity: 'text',
      ForwardingAddress: 'text',
      ForwardingSmtpAddress: 'text',
      DeliverToMailboxAndForward: 'boolean',
    },
    required: ['Identity'],
  },
  'Get-InboxRule': {
    parameters: {
      Mailbox: 'text',
      Identity: 'text',
      IncludeHidden: 'boolean',
      BypassScopeCheck: 'boolean',
      DescriptionTimeZone: 'text',
      DescriptionTimeFormat: 'text',
      SkipCount: 'number',
    },
  },
  'Disable-InboxRule': { parameters: oneRule, required: ['Identity'] },
  'Enable-InboxRule': { parameters: oneRule, required: ['Identity'] },
  'Remove-InboxRule': { parameters: oneRule, required: ['Identity'] },
  'Get-TransportRule': {
    parameters: {
      Identity: 'text',
      State: { oneOf: ['Enabled', 'Disabled'] },
      Filter: 'text',
      ExcludeConditionActionDetails: 'boolean',
    },
  },
  'Remove-TransportRule': { parameters: { Identity: 'text' }, required: ['Identity'] },
  'Disable-TransportRule': { parameters: { Identity: 'text' }, required: ['Identity'] },
  'Get-MailboxPermission': {
    parameters: { Identity: 'text', User: 'text', Owner: 'boolean', IncludeUserWithDisplayName: 'boolean' },
  },
  'Remove-MailboxPermission': {
    parameters: {
      Identity: 'text',
      User: 'text',
      AccessRights: {
        someOf: ['FullAccess', 'ReadPermission', 'ExternalAccount', 'DeleteItem', 'ChangePermission', 'ChangeOwner'],
      },
      InheritanceType: { oneOf: ['All'] },
      Deny: 'boolean',
    },
    required: ['Identity', 'User', 'AccessRights'],
  },
  'Get-OrganizationConfig': { parameters: {} },
}
/** In the table, and in Microsoft's pages of the cmdlets, but not in the reference: what the gateway sends of it is only read. */
const beyond = {
  'Set-Mailbox': ['Force'],
  'Get-RecipientPermission': ['Identity', 'Trustee', 'AccessRights'],
  'Get-MailboxFolderPermission': ['Identity', 'User'],
}
const beyondForAll = ['ErrorAction', 'WarningAction', 'Verbose']

const names = (object: object): string[] => Object.keys(object).toSorted()
const entriesOf = <T>(object: Readonly<Record<string, T>>): [string, T][] => Object.entries(object)

describe('the table of cmdlets', () => {
  const table: Record<string, CmdletShape> = cmdletTable

  test('has the documented cmdlets and parameters, and besides them only what is known', () => {
    expect(names(table)).toEqual(names({ ...documented, ...beyond }))
    for (const [cmdlet, { parameters, required = [] }] of entriesOf(table)) {
      const more = entriesOf<readonly string[]>(beyond).find(([name]) => name === cmdlet)?.[1] ?? []
      expect(names(parameters), cmdlet).toEqual([...names(documented[cmdlet]?.parameters ?? {}), ...more].toSorted())
      if (documented[cmdlet]) expect([...required], cmdlet).toEqual(documented[cmdlet].required ?? [])
    }
    expect(names(commonParameters)).toEqual(['Confirm', 'ResultSize', ...beyondForAll].toSorted())
    expect(commonParameters['Confirm']).toBe('boolean')
  })

  test('takes the documented types, and of listed values at least the documented ones', () => {
    for (const [cmdlet, { parameters }] of entriesOf(documented)) {
      for (const [name, type] of entriesOf(parameters)) {
        const taken = table[cmdlet]?.parameters[name]
        const said = `${cmdlet} ${name}`
        if (typeof type === 'string') expect(taken, said).toBe(type)
        else if ('oneOf' in type) expect(taken, said).toEqual({ oneOf: expect.arrayContaining([...type.oneOf]) })
        else expect(taken, said).toEqual({ someOf: expect.arrayContaining([...type.someOf]) })
      }
    }
  })
})

interface CmdletCall {
  cmdlet: string
  parameters: Record<string, unknown>
  call: WireRecord
}

describe('what the gateway says to Exchange', () => {
  let records: WireRecord[]
  let calls: CmdletCall[]
  beforeAll(async () => {
    records = await (await everyRemediation()).wire.calls('/adminapi')
    calls = records.flatMap((call) => {
      const { CmdletInput: input } = (call.body ?? {}) as {
        CmdletInput?: { CmdletName: string; Parameters: Record<string, unknown> }
      }
      return input ? [{ cmdlet: input.CmdletName, parameters: input.Parameters, call }] : []
    })
  }, 300_000)

  test('is cmdlets of the table, with parameters of the table by name and type', () => {
    expect([...new Set(calls.map(({ cmdlet }) => cmdlet))].toSorted()).toEqual([
      'Disable-InboxRule',
      'Get-InboxRule',
      'Get-Mailbox',
      'Get-MailboxFolderPermission',
      'Get-MailboxPermission',
      'Get-RecipientPermission',
      'Get-TransportRule',
      'Remove-InboxRule',
      'Remove-MailboxPermission',
      'Remove-TransportRule',
      'Set-Mailbox',
    ])
    for (const { cmdlet, parameters } of calls) {
      const shape = shapeOf(cmdlet as keyof typeof cmdletTable)
      for (const [name, value] of Object.entries(parameters)) {
        const type = { ...shape.parameters, Confirm: commonParameters['Confirm'] }[name]
        expect(type !== undefined && isOf(type, value), `${cmdlet} ${name} ${JSON.stringify(value)}`).toBe(true)
      }
      for (const name of shape.required ?? []) expect(parameters[name], `${cmdlet} ${name}`).toBeTruthy()
    }
  })

  test('never changes anything by what the reference does not have', () => {
    for (const { cmdlet, parameters } of calls.filter((one) => !one.cmdlet.startsWith('Get-'))) {
      const known = names(documented[cmdlet]?.parameters ?? {})
      for (const name of Object.keys(parameters)) expect([...known, 'Confirm'], cmdlet).toContain(name)
    }
  })

  test('never has an empty target, and names a mailbox once', () => {
    for (const { cmdlet, parameters } of calls) {
      const targets = ['Identity', 'Mailbox'].filter((name) => name in parameters)
      for (const name of targets) expect(parameters[name], `${cmdlet} ${name}`).toMatch(/\S/)
      if (targets.length === 2) expect(parameters['Identity']).not.toContain('\\')
      if (cmdlet.endsWith('-InboxRule') && !cmdlet.startsWith('Get-'))
        expect(parameters['Identity']).toMatch(/^.+\\\d+$/)
      if (cmdlet === 'Remove-TransportRule') expect(parameters['Identity']).toMatch(guid)
    }
  })

  test('goes to the endpoint of the tenant, anchored, at most ten in a batch, and asks for known properties', () => {
    for (const { method, url, body, headers } of records) {
      const path = url.replace(/^https?:\/\/[^/]+\/adminapi/, '')
      const [, tenantId = '', command = ''] =
        /^\/beta\/([^/]+)\/(InvokeCommand|\$batch)(\?\$select=[\w,]+)?$/.exec(path) ?? []
      expect(method).toBe('POST')
      expect(tenantId, path).toMatch(guid)
      const prefer = headers['prefer']
      if (command === '$batch') {
        const { requests } = body as { requests: object[] }
        expect(requests.length).toBeLessThanOrEqual(10)
        expect(prefer).toBe('odata.maxpagesize=1000;odata.continue-on-error')
        continue
      }
      expect(prefer).toBe('odata.maxpagesize=1000')
      const system = `APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@${tenantId}`
      expect(
        headers['x-anchormailbox'] === system || /^UPN:[^\s@]+@[^\s@]+$/.test(headers['x-anchormailbox'] ?? ''),
      ).toBe(true)
      const selected = /\$select=([\w,]+)$/.exec(path)?.[1]?.split(',') ?? []
      expect(propertiesOfAMailbox).toEqual(expect.arrayContaining(selected))
    }
  })
})

const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

/** Of `Get-Mailbox` (section 4.6). */
const propertiesOfAMailbox = [
  ...['Identity', 'Name', 'Alias', 'DisplayName', 'UserPrincipalName', 'PrimarySmtpAddress', 'EmailAddresses'],
  ...['ExternalDirectoryObjectId', 'ExchangeGuid', 'Guid', 'RecipientTypeDetails', 'ForwardingAddress'],
  ...['ForwardingSmtpAddress', 'DeliverToMailboxAndForward', 'GrantSendOnBehalfTo', 'IsDirSynced', 'AccountDisabled'],
  ...['AuditEnabled', 'WhenCreated', 'LitigationHoldEnabled'],
]

/** Null clears a property that is text (section 4.1). */
function isOf(type: ParameterType, value: unknown): boolean {
  if (type === 'text') return value === null || typeof value === 'string'
  if (type === 'boolean' || type === 'number') return typeof value === type
  if (type === 'texts') return Array.isArray(value) && value.every((one) => typeof one === 'string')
  if ('oneOf' in type) return type.oneOf.some((one) => one === value)
  return Array.isArray(value) && value.every((one) => type.someOf.some((known) => known === one))
}
