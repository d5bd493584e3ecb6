/** Lines of audit records as a partner's feeds give them: many tenants, few of them large, most records of little interest. */
import {
  cmdletRecord,
  consentRecord,
  directoryRecord,
  mailboxRecord,
  onUser,
  type RecordValues,
  signInRecord,
} from '../test/support/audit-records.ts'
import { manyTenantIds } from '../test/support/many-events.ts'
import { type Seeded, seeded } from '../test/support/seeded.ts'

type Build = (values: RecordValues, chance: Seeded) => RecordValues

/** Kinds of records, and how many of a hundred are such. */
const kinds: readonly (readonly [share: number, build: Build])[] = [
  [40, (values) => mailboxRecord('MailItemsAccessed', values)],
  [30, (values) => signInRecord('UserLoggedIn', values)],
  [
    8,
    (values) =>
      mailboxRecord('MailItemsAccessed', {
        ...values,
        LogonType: 1,
        LogonUserSid: 'S-1-5-21-1-2-3-1002',
        UserId: 'delegate@customers.example.com',
      }),
  ],
  [8, (values) => signInRecord('UserLoginFailed', { ...values, LogonError: 'IdsLocked' })],
  [5, (values) => directoryRecord('Reset user password.', {}, { ...onUser(), ...values })],
  [
    4,
    (values) =>
      directoryRecord(
        'Add member to role.',
        { 'Role.DisplayName': 'Helpdesk Administrator' },
        { ...onUser(), ...values },
      ),
  ],
  [
    3,
    (values, chance) =>
      cmdletRecord('New-InboxRule', { Name: '.', ForwardTo: `someone${chance.whole(1, 99)}@fabrikam.com` }, values),
  ],
  [2, (values) => consentRecord(values)],
]

export interface AuditLines {
  records: number
  tenants: number
  seed: number
}

/** One line each, as JSON, in the order of time. */
export function auditLines({ records, tenants, seed }: AuditLines): string[] {
  const chance = seeded(seed)
  const ids = manyTenantIds(tenants)
  const begin = Date.now() - 30 * 86_400_000
  return Array.from({ length: records }, (_, n) => {
    // One in k of the draws is the k-th tenant.
    const tenant = Math.floor((tenants + 1) ** chance.number()) - 1
    const user = Math.floor(201 ** chance.number())
    const address = `user${user}@customer${tenant + 1}.example.com`
    const values = {
      Id: `${seed}-${n}`,
      OrganizationId: ids[tenant],
      CreationTime: new Date(begin + (n / records) * 29 * 86_400_000).toISOString().slice(0, 19),
      UserId: address,
      MailboxOwnerUPN: address,
      Actor: [{ ID: address, Type: 5 }],
    }
    return JSON.stringify(kindAt(chance.whole(0, 99))(values, chance))
  })
}

function kindAt(percentile: number): Build {
  let sum = 0
  for (const [share, build] of kinds) {
    sum += share
    if (percentile < sum) return build
  }
  return (values) => mailboxRecord('MailItemsAccessed', values)
}
