import { userOf } from '../builders.ts'
import { directoryRoles } from '../directory-roles.ts'
import type { Tenant, User } from '../world.ts'
import { mailBooster, reportSync } from './apps.ts'
import { northwindRecords } from './northwind-records.ts'
import { type AuditRecord, modified, type Who, who } from './record-forms.ts'
import { storiesOf } from './record-stories.ts'
import { tailspinRecords } from './tailspin.ts'
import { sampleWorld } from './world.ts'

function fabrikamRecords(tenant: Tenant, now: Date): AuditRecord[] {
  const story = storiesOf(tenant, now)
  const user = (name: string): User => userOf(tenant, name)
  const by = (name: string): Who => who(user(name))
  const at = (hoursAgo: number): { hoursAgo: number } => ({ hoursAgo })
  return [
    ...story.consent(at(15), by('Omar'), mailBooster(), 'offline_access Mail.Read'),
    story.appRoleGiven(at(80), by('Fiona'), reportSync(), 'MailboxSettings.ReadWrite'),
    story.forwardingSet(at(6), by('Nadia'), user('Nadia'), 'smtp:nadia@example.net'),
    story.inboxRule(at(31), 'New-InboxRule', by('Tariq'), user('Tariq'), 'x', {
      DeleteMessage: 'True',
      SubjectContainsWords: 'invoice',
    }),
    story.mailboxAccess(at(102), by('Fiona'), user('Nadia'), user('Omar')),
    story.mailbox(at(99), 'SendAs', by('Omar'), user('Nadia'), { Item: { Subject: 'Urgent payment' } }),
    story.signIn(at(24), by('Omar'), { failed: 'IdsLocked', errorNumber: '50053', ip: '198.51.100.23' }),
    story.signIn(at(27), by('Fiona'), {
      failed: 'InvalidUserNameOrPassword',
      errorNumber: '50126',
      ip: '198.51.100.23',
    }),
    story.roleGiven(
      at(150),
      by('Fiona'),
      user('Viktor'),
      'Global Administrator',
      directoryRoles['Global Administrator'],
    ),
    story.onUser(at(44), 'Reset user password.', by('Viktor'), user('Tariq')),
    story.onUser(at(140), 'Enable account.', by('Fiona'), user('Yuki'), [
      modified('AccountEnabled', '[\r\n  true\r\n]', '[\r\n  false\r\n]'),
    ]),
    story.onUser(at(70), 'Disable Strong Authentication.', by('Viktor'), user('Omar')),
    story.linkCreated(at(55), by('Tess'), 'Blueprints.pdf'),
    story.alert(
      at(12),
      'AlertTriggered',
      'User restricted from sending email',
      user('Nadia').userPrincipalName,
      'High',
    ),
    story.onUser(at(210), 'Change user password.', by('Yuki'), user('Yuki')),
    story.onUser(at(260), 'Add user.', by('Fiona'), user('Tariq')),
  ]
}

/** Audit records of the sample's tenants in the two weeks before `now`, oldest first. The same ids every time. */
export function sampleAuditRecords(now: Date): AuditRecord[] {
  const { tenants } = sampleWorld()
  const named = (name: string): Tenant => {
    const tenant = tenants.find(({ displayName }) => displayName === name)
    if (!tenant) throw new Error(`The sample has no tenant ${name}.`)
    return tenant
  }
  const partner = named('Litware Partner')
  const records = [
    ...northwindRecords(named('Northwind Traders'), { tenantId: partner.id, user: userOf(partner, 'Petra') }, now),
    ...fabrikamRecords(named('Fabrikam'), now),
    ...tailspinRecords(named('Tailspin Toys'), now),
  ]
  return records.toSorted((a, b) => String(a.CreationTime).localeCompare(String(b.CreationTime)))
}
