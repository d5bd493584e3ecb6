/** Every cmdlet of the simulated Exchange against the table of what cmdlets take, and its answers against the form of Exchange's. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { mailboxOfUser } from '../../simulator/builders.ts'
import {
  type CmdletName,
  type CmdletShape,
  cmdletTable,
  type ParameterType,
  shapeOf,
} from '../../simulator/exchange/cmdlet-table.ts'
import { cmdlets } from '../../simulator/exchange/cmdlets.ts'
import { anInboxRule } from '../../simulator/inbox-rules.ts'
import { withFolderPermission, withMailboxPermission, withSendAs } from '../../simulator/mailbox-access.ts'
import { aTransportRule } from '../../simulator/transport-rules.ts'
import { anExchangeWorld, type ExchangeWorld, pipedText } from '../support/exchange-world.ts'

/** Every parameter of every cmdlet is in one of these, and each of them succeeds. */
const examples: Record<CmdletName, object[]> = {
  'Get-Mailbox': [{ Identity: 'ada' }, { RecipientTypeDetails: ['SharedMailbox'] }, { Filter: "Alias -eq 'ada'" }],
  'Set-Mailbox': [
    {
      Identity: 'ada',
      ForwardingAddress: null,
      ForwardingSmtpAddress: 'x@example.com',
      DeliverToMailboxAndForward: true,
    },
    { Identity: 'ada', ForwardingSmtpAddress: null, Force: true },
  ],
  'Get-InboxRule': [
    { Mailbox: 'ada', IncludeHidden: true, BypassScopeCheck: true, SkipCount: 0 },
    { Mailbox: 'ada', Identity: 'One', DescriptionTimeZone: 'UTC', DescriptionTimeFormat: 'HH:mm' },
  ],
  'Disable-InboxRule': [{ Mailbox: 'ada', Identity: 'One', Force: true, AlwaysDeleteOutlookRulesBlob: true }],
  'Enable-InboxRule': [{ Mailbox: 'ada', Identity: 'One', Force: true, AlwaysDeleteOutlookRulesBlob: true }],
  'Remove-InboxRule': [{ Mailbox: 'ada', Identity: 'One', Force: true, AlwaysDeleteOutlookRulesBlob: true }],
  'Get-TransportRule': [
    {},
    { Identity: 'First', State: 'Enabled', Filter: "Description -like '*'", ExcludeConditionActionDetails: true },
  ],
  'Disable-TransportRule': [{ Identity: 'First', Confirm: false }],
  'Remove-TransportRule': [{ Identity: 'First', Confirm: false }],
  'Get-MailboxPermission': [
    { Identity: 'accounts', User: 'ada' },
    { Identity: 'accounts', Owner: true, IncludeUserWithDisplayName: true },
  ],
  'Remove-MailboxPermission': [
    { Identity: 'accounts', User: 'ada', AccessRights: ['FullAccess'], InheritanceType: 'All', Deny: false },
    { Identity: 'accounts', User: 'bruno', AccessRights: 'FullAccess', Confirm: false },
  ],
  'Get-RecipientPermission': [{ Identity: 'accounts', Trustee: 'ada', AccessRights: 'SendAs' }],
  'Get-MailboxFolderPermission': [{ Identity: 'accounts:\\Inbox', User: 'ada' }],
  'Get-OrganizationConfig': [{}],
}

const names = Object.keys(cmdletTable) as CmdletName[]
const odata = /^(#Guid|#Collection\(String\)|#Int64)$/
const answer = z.strictObject({
  '@odata.context': z
    .string()
    .regex(/\/adminapi\/beta\/[0-9a-f-]{36}\/\$metadata#Collection\(Exchange\.GenericHashTable\)$/),
  'adminapi.warnings@odata.type': z.literal('#Collection(String)'),
  '@adminapi.warnings': z.array(z.string().min(1)),
  '@odata.nextLink': z.url().optional(),
  value: z.array(z.record(z.string(), z.unknown())),
})
const piped = z.string().regex(/^Ex[0-9A-F]{6}\|[A-Za-z]+(\.[A-Za-z]+)+\|.+$/)
const failure = z.strictObject({
  error: z.strictObject({
    code: z.enum(['NotFound', 'BadRequest']),
    message: z.literal('Error executing cmdlet'),
    details: z.tuple([z.strictObject({ code: z.literal('Client'), target: z.literal(''), message: piped })]),
    innererror: z.strictObject({
      message: z.string(),
      type: z.string(),
      stacktrace: z.string(),
      internalexception: z.strictObject({ message: piped, type: z.string(), stacktrace: z.string() }),
    }),
  }),
})

let world: ExchangeWorld
beforeAll(async () => {
  world = await anExchangeWorld({
    prepare: (tenant) => {
      mailboxOfUser(tenant, 'Ada').inboxRules = [anInboxRule({ displayName: 'One', hasError: true })]
      tenant.transportRules = [aTransportRule({ Name: 'First', BlindCopyTo: ['x@example.com'] })]
      withMailboxPermission(tenant, 'Accounts', 'Ada')
      withSendAs(tenant, 'Accounts', 'Ada')
      withFolderPermission(tenant, 'Accounts', 'Inbox', 'Ada')
    },
  })
})
afterAll(() => world.close())

test('the table and the cmdlets are the same, and the examples use every parameter', () => {
  expect(cmdlets.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
  for (const name of names) {
    const used = new Set(['Confirm', ...examples[name].flatMap((parameters) => Object.keys(parameters))])
    expect([...used].toSorted(), name).toEqual(
      [...new Set(['Confirm', ...Object.keys(shapeOf(name).parameters)])].toSorted(),
    )
  }
})

describe.each(names)('%s', (name) => {
  const shape: CmdletShape = shapeOf(name)
  const [example = {}] = examples[name]

  test('refuses a parameter that is not in the table, whatever its value', async () => {
    for (const parameters of [{ ...example, Colour: 'red' }, { ...example, Identities: null }, { Nothing: [] }]) {
      const refused = await world.run(name, parameters)
      expect(refused.status).toBe(400)
      expect(failure.parse(refused.body)).toBeDefined()
      expect(pipedText(refused)).toContain('ParameterBindingException')
    }
  })

  test('refuses values of another type, and the lack of what it needs', async () => {
    for (const [parameter, type] of Object.entries(shape.parameters)) {
      for (const value of wrongFor(type)) {
        const refused = await world.run(name, { ...example, [parameter]: value })
        expect(refused.status, `${parameter}: ${JSON.stringify(value)}`).toBe(400)
        expect(failure.parse(refused.body)).toBeDefined()
      }
    }
    for (const parameter of shape.required ?? []) {
      for (const value of [undefined, null, '']) {
        expect(await world.run(name, { ...example, [parameter]: value })).toMatchObject({ status: 400 })
      }
    }
  })

  test.runIf('Identity' in shape.parameters)('says in the piped text that there is no such object', async () => {
    const mailbox = 'Mailbox' in shape.parameters ? { Mailbox: 'ada' } : {}
    const needed = name === 'Remove-MailboxPermission' ? { User: 'ada', AccessRights: 'FullAccess' } : {}
    const refused = await world.run(name, { ...mailbox, ...needed, Identity: 'nobody-and-nothing' })
    expect(refused.status).toBe(404)
    expect(failure.parse(refused.body).error.code).toBe('NotFound')
    expect(pipedText(refused)).toContain("'")
  })

  test('answers in the form of Exchange, every property annotated by its type', async () => {
    const { properties = {}, mutates } = cmdlets.find((one) => one.name === name) ?? {}
    for (const parameters of examples[name]) {
      const answered = await world.run(name, parameters)
      expect(answered.status, JSON.stringify(answered.body)).toBe(200)
      const { value } = answer.parse(answered.body)
      if (mutates) expect(value).toEqual([])
      else expect(value).not.toEqual([])
      for (const object of value) {
        const shown = Object.keys(object).filter((key) => !key.includes('@'))
        expect(Object.keys(properties)).toEqual(expect.arrayContaining(shown))
        for (const [key, annotation] of Object.entries(object).filter(([one]) => one.includes('@'))) {
          expect(shown).toContain(key.split('@')[0])
          expect(annotation).toMatch(key.endsWith('@odata.type') ? odata : /^System\.\w+$/)
        }
      }
    }
  })
})

function wrongFor(type: ParameterType): unknown[] {
  if (type === 'text') return [true, { a: 1 }, ['a']]
  if (type === 'texts') return [1, [1], { a: 'b' }]
  if (type === 'boolean') return ['true', 1, []]
  if (type === 'number') return ['1', true]
  return 'oneOf' in type ? ['Other', ['Enabled'], 1] : ['Other', ['FullAccess', 'Other'], 1]
}
