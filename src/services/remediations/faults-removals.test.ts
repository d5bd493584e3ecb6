import { expect } from 'vitest'
import { mailboxOfUser, userOf } from '../../../simulator/builders.ts'
import { anInboxRule } from '../../../simulator/inbox-rules.ts'
import { withMailboxPermission } from '../../../simulator/mailbox-access.ts'
import { aTransportRule } from '../../../simulator/transport-rules.ts'
import type { Tenant } from '../../../simulator/world.ts'
import { aMailboxCalled, anAccess, aRuleIn, aTransportRuleCalled } from '../../../test/support/candidates.ts'
import { type Expectation, type FaultColumn, faultTable } from '../../../test/support/fault-table.ts'
import { remove } from '../../../test/support/remediations.ts'
import type { RemediationGroup } from './types.ts'

const mailbox = (tenant: Tenant) => mailboxOfUser(tenant, 'Ada')
const addressOf = (tenant: Tenant, name: string) => userOf(tenant, name).userPrincipalName

/** What somebody else removed is gone: that is what was wanted. */
const goneIsDone: Record<string, Partial<Expectation>> = {
  '404, the target is gone': { state: 'CONFIRMED', code: null },
}

const removing = (group: RemediationGroup): Pick<FaultColumn, 'kind' | 'act'> => ({
  kind: group,
  act: (ctx, event) => remove(ctx, event, group),
})

const invoices = { displayName: 'Invoices', actions: { delete: true } }
const copies = { Name: 'Copies', BlindCopyTo: ['out@example.net'] }

faultTable([
  {
    ...removing('REMOVE_INBOX_RULE'),
    ada: { mailbox: { inboxRules: [anInboxRule(invoices)] } },
    type: 'SUSPICIOUS_INBOX_RULE',
    about: (tenant) => aRuleIn(addressOf(tenant, 'Ada'), { name: 'Invoices', definition: { DeleteMessage: 'True' } }),
    isDone: (_ada, tenant) => mailbox(tenant).inboxRules.length === 0,
    evidence: { mailbox: expect.stringContaining('ada@'), rule: { Name: 'Invoices', DeleteMessage: true } },
    vanish: (tenant) => {
      mailbox(tenant).inboxRules = []
    },
    exceptions: goneIsDone,
  },
  {
    ...removing('REMOVE_MAILBOX_FORWARDING'),
    ada: { mailbox: { forwardingSmtpAddress: 'smtp:out@example.net', deliverToMailboxAndForward: true } },
    type: 'EXTERNAL_MAIL_FORWARDING',
    about: (tenant) => aMailboxCalled(addressOf(tenant, 'Ada')),
    isDone: (_ada, tenant) => mailbox(tenant).forwardingSmtpAddress === null,
    evidence: { before: { ForwardingSmtpAddress: 'smtp:out@example.net', DeliverToMailboxAndForward: true } },
    vanish: (tenant) => {
      tenant.mailboxes = []
    },
  },
  {
    ...removing('REMOVE_TRANSPORT_RULE'),
    change: (tenant) => {
      tenant.transportRules = [aTransportRule(copies)]
    },
    type: 'EXTERNAL_MAIL_FORWARDING',
    about: () => aTransportRuleCalled({ name: 'Copies', definition: { BlindCopyTo: 'out@example.net' } }),
    named: 'copies',
    isDone: (_ada, tenant) => tenant.transportRules.length === 0,
    evidence: { rule: copies },
    vanish: (tenant) => {
      tenant.transportRules = []
    },
    exceptions: goneIsDone,
  },
  {
    ...removing('REMOVE_MAILBOX_ACCESS'),
    change: (tenant) => {
      withMailboxPermission(tenant, 'Ada', 'Pia')
    },
    type: 'MAILBOX_ACCESS_GRANTED_TO_NON_OWNER',
    about: (tenant) => anAccess(addressOf(tenant, 'Ada'), addressOf(tenant, 'Pia')),
    named: 'pia',
    isDone: (_ada, tenant) => tenant.mailboxPermissions.length === 0,
    evidence: { grantee: expect.stringContaining('pia@'), permissions: [{ AccessRights: ['FullAccess'] }] },
    vanish: (tenant) => {
      tenant.mailboxPermissions = []
    },
    exceptions: goneIsDone,
  },
])
