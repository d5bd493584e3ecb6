/** Records that name things in ways that only Microsoft can resolve: one look-up leads to the next. */
import { aRegisteredApp } from '../../simulator/apps.ts'
import { aGroup, mailboxOfUser, type PersonDraft, person, userOf } from '../../simulator/builders.ts'
import { anInboxRule } from '../../simulator/inbox-rules.ts'
import { withMailboxPermission } from '../../simulator/mailbox-access.ts'
import { type AuditRecord, modified, who } from '../../simulator/sample/record-forms.ts'
import { storiesOf } from '../../simulator/sample/record-stories.ts'
import type { Tenant, World } from '../../simulator/world.ts'

export const unresolvedPeople: PersonDraft[] = [
  person('Aron Berg', { alias: 'aron', mailbox: { alias: 'aron.berg' } }),
  // Her mailbox has the alias that looks like the beginning of his address.
  person('Ebba', { mailbox: { alias: 'aron' } }),
  person('Bea'),
  person('Cora'),
  person('Dan', { mailbox: false }),
  person('Accounts', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
]

const registered = 'Payroll'

export function addUnresolvedObjects(world: World, tenant: Tenant): void {
  aRegisteredApp(world, tenant, registered, { permissions: ['User.Read.All'] })
  aGroup(tenant, 'Finance team', { members: [userOf(tenant, 'Cora').id] })
  withMailboxPermission(tenant, 'Accounts', 'Finance team')
  withMailboxPermission(tenant, 'Accounts', 'Dan')
  mailboxOfUser(tenant, 'Ebba').inboxRules = [anInboxRule({ displayName: 'Hide', actions: { delete: true } }, 'Ebba')]
}

export function unresolvedRecords({ applications }: World, tenant: Tenant, now: Date): AuditRecord[] {
  const story = storiesOf(tenant, now)
  const by = (name: string) => who(userOf(tenant, name))
  const accounts = userOf(tenant, 'Accounts')
  const { id = '', displayName = '' } = applications.find((one) => one.displayName === registered) ?? {}
  return [
    // By the object id of the registration alone.
    story.entra({ hoursAgo: 1 }, 'Update application – Certificates and secrets management ', by('Bea'), {
      category: 'Application',
      target: [
        { ID: `Application_${id}`, Type: 2 },
        { ID: id, Type: 2 },
        { ID: 'Application', Type: 2 },
        { ID: displayName, Type: 1 },
      ],
      modified: [modified('KeyDescription', '["[KeyIdentifier=2f1c,KeyType=Password,KeyUsage=Verify]"]', '[]')],
    }),
    // Through a group, which the permission names.
    story.mailbox({ hoursAgo: 2 }, 'MailItemsAccessed', by('Cora'), accounts, { RecordType: 50 }),
    // Who has no mailbox is called by another name than in the permission.
    story.mailboxAccess({ hoursAgo: 3 }, by('Bea'), accounts, userOf(tenant, 'Dan')),
    // In the mailbox of that alias, not of that person.
    story.inboxRule({ hoursAgo: 4 }, 'New-InboxRule', by('Aron Berg'), userOf(tenant, 'Aron Berg'), 'Hide', {
      DeleteMessage: 'True',
    }),
  ]
}
