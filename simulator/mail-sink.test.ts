import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../test/support/microsoft.ts'
import { aTenant, aWorld } from './builders.ts'

let microsoft: TestMicrosoft
beforeAll(async () => {
  microsoft = await aMicrosoft(aWorld({ tenants: [aTenant()] }))
})
afterAll(() => microsoft.close())

const mail = (to: string | string[]) =>
  createTransport(microsoft.smtpUrl).sendMail({
    from: 'Tourniquet <no-reply@example.com>',
    to,
    subject: 'Grüße',
    text: 'One.',
    html: '<p>One.</p>',
  })

test('mail is taken from anybody for anybody, shown by the state, and empty again after a reset', async () => {
  await mail(['ada@contoso.com', 'bruno@contoso.com'])
  const taken = {
    from: 'no-reply@example.com',
    to: ['ada@contoso.com', 'bruno@contoso.com'],
    subject: 'Grüße',
    text: expect.stringContaining('One.'),
    html: expect.stringContaining('<p>One.</p>'),
    at: expect.any(String),
  }
  expect(microsoft.simulator.mailSink.mails()).toEqual([taken])
  const state = (await (await fetch(`${microsoft.url}/control/state`)).json()) as { mails: unknown[] }
  expect(state.mails).toEqual([taken])
  expect(await (await fetch(`${microsoft.url}/control/sample`)).json()).toMatchObject({ smtpUrl: microsoft.smtpUrl })
  microsoft.simulator.reset()
  await mail('ada@contoso.com')
  expect(microsoft.world.mails).toHaveLength(1)
})

test('a recipient is refused when the switch names it, and switches go with a reset', async () => {
  const post = (body: unknown) =>
    fetch(`${microsoft.url}/control/switches`, { method: 'POST', body: JSON.stringify(body) })
  const before = microsoft.world.mails.length
  expect(await (await post({ refusedRecipients: ['Ada@contoso.com'] })).json()).toEqual({
    refusedRecipients: ['Ada@contoso.com'],
  })
  await expect(mail('ada@contoso.com')).rejects.toMatchObject({ responseCode: 550 })
  await mail('bruno@contoso.com')
  expect(microsoft.world.mails).toHaveLength(before + 1)
  expect(await (await post({ refusedRecipients: null })).json()).toEqual({})
  const wrong = await post({ conditionalAccess: 'maybe' })
  expect(wrong.status).toBe(400)
  expect(await wrong.json()).toMatchObject({ error: { field: 'conditionalAccess' } })
  expect(await (await post({ nothing: true })).json()).toMatchObject({ error: { field: 'nothing' } })
  await post({ conditionalAccess: 'blockSignIn' })
  microsoft.simulator.reset()
  expect(microsoft.world.switches).toBeUndefined()
})
