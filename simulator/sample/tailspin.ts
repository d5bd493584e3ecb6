/** Tailspin Toys: healthy, but nobody has consented to privileged sign-ins yet, and an administrator is compromised (B11, B18). */
import { aTenant, mailboxOfUser, person, userOf, withApp } from '../builders.ts'
import { directoryRoles } from '../directory-roles.ts'
import { anInboxRule } from '../inbox-rules.ts'
import type { Application, Tenant, User } from '../world.ts'
import { applicationPermissions } from './application.ts'
import { type AuditRecord, type Who, who } from './record-forms.ts'
import { storiesOf } from './record-stories.ts'

export function tailspin(tourniquet: Application): Tenant {
  const tenant = aTenant({
    name: 'Tailspin Toys',
    people: [
      person('Tamara', { jobTitle: 'Head of IT', roles: ['Global Administrator'] }),
      person('Paolo', { jobTitle: 'Identity administrator', roles: ['Privileged Authentication Administrator'] }),
      person('Ulf', { jobTitle: 'Service desk', roles: ['User Administrator'] }),
      person('Noor', { jobTitle: 'Toy designer' }),
      person('Walter', { jobTitle: 'Warehouse' }),
    ],
  })
  withApp(tenant, tourniquet, { permissions: applicationPermissions, roles: ['Exchange Administrator'] })
  mailboxOfUser(tenant, 'Noor').inboxRules = [
    anInboxRule(
      { displayName: '..', conditions: { subjectContains: ['password', 'reset'] }, actions: { delete: true } },
      'Noor',
    ),
  ]
  return tenant
}

/** Ulf's account is taken over, and used against others. */
export function tailspinRecords(tenant: Tenant, now: Date): AuditRecord[] {
  const story = storiesOf(tenant, now)
  const user = (name: string): User => userOf(tenant, name)
  const by = (name: string): Who => who(user(name))
  const at = (hoursAgo: number): { hoursAgo: number } => ({ hoursAgo })
  const locked = { failed: 'IdsLocked', errorNumber: '50053', ip: '198.51.100.140' }
  return [
    story.roleGiven(at(250), by('Tamara'), user('Ulf'), 'User Administrator', directoryRoles['User Administrator']),
    story.signIn(at(11), by('Ulf'), locked),
    story.signIn(at(10.5), by('Ulf'), { ip: locked.ip }),
    story.onUser(at(10), 'Disable Strong Authentication.', by('Ulf'), user('Noor')),
    story.onUser(at(9.5), 'Reset user password.', by('Ulf'), user('Noor')),
    story.inboxRule(at(8), 'New-InboxRule', by('Noor'), user('Noor'), '..', {
      DeleteMessage: 'True',
      SubjectContainsWords: 'password;reset',
    }),
    story.signIn(at(30), by('Walter'), { ip: '203.0.113.81' }),
  ]
}
