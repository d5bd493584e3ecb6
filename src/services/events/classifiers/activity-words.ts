import type { RecordContext } from '../classifier.ts'
import type { CandidateOf } from '../identities.ts'
import { addressee, calling, sameUser } from '../identities.ts'
import { newValueOf } from '../record.ts'
import { quoted } from '../text.ts'
import { appName } from './apps.ts'

/** Plain words for operations; `{target}`, `{app}` and `{file}` are filled in. */
const words = new Map<string, string>([
  ['add user', 'created the user {target}'],
  ['delete user', 'deleted the user {target}'],
  ['update user', 'changed the user {target}'],
  ['restore user', 'restored the user {target}'],
  ['change user license', 'changed the licences of {target}'],
  ['update stsrefreshtokenvalidfrom timestamp', 'revoked the sessions of {target}'],
  ['add member to group', 'added {target} to a group'],
  ['remove member from group', 'removed {target} from a group'],
  ['add owner to group', 'made {target} an owner of a group'],
  ['remove member from role', 'took a role from {target}'],
  ['add registered owner to device', 'registered a device for {target}'],
  ['add registered users to device', 'registered a device for {target}'],
  ['add application', 'registered the application {app}'],
  ['delete application', 'deleted the application {app}'],
  ['update application', 'changed the application {app}'],
  ['add service principal', 'added the application {app} to the tenant'],
  ['remove service principal', 'removed the application {app} from the tenant'],
  ['update service principal', 'changed the application {app}'],
  ['consent to application', 'consented to the application {app}'],
  ['add app role assignment grant to user', 'assigned {target} to the application {app}'],
  ['remove oauth2permissiongrant', 'took a permission from an application'],
  ['remove app role assignment from service principal', 'took a permission from an application'],
  ['set-mailbox', 'changed the settings of a mailbox'],
  ['new-inboxrule', 'made an inbox rule'],
  ['set-inboxrule', 'changed an inbox rule'],
  ['send', 'sent a mail'],
  ['softdelete', 'deleted mail'],
  ['harddelete', 'deleted mail for good'],
  ['movetodeleteditems', 'moved items to the deleted items'],
  ['create', 'made an item in their mailbox'],
  ['update', 'changed an item in their mailbox'],
  ['modifyfolderpermissions', 'changed the permissions of a mail folder'],
  ['filedownloaded', 'downloaded {file}'],
  ['fileuploaded', 'uploaded {file}'],
  ['filemodified', 'changed {file}'],
  ['filemodifiedextended', 'kept changing {file}'],
  ['filedeleted', 'deleted {file}'],
  ['fileaccessed', 'opened {file}'],
  ['anonymouslinkused', 'used an anonymous link to {file}'],
  ['securelinkused', 'used a link to {file}'],
  ['sharingset', 'shared {file}'],
  ['addedtogroup', 'added somebody to a site group'],
  ['memberadded', 'added members to a team'],
  ['memberrolechanged', 'changed the roles of members of a team'],
  ['teamcreated', 'made a team'],
  ['teamssessionstarted', 'started Teams'],
  [
    'add a deletion-marked app role assignment grant to service principal as part of link removal',
    'took a permission from an application',
  ],
  ['remove delegated permission grant', 'took a permission from an application'],
  [
    'update application - certificates and secrets management',
    'changed the secrets and certificates of the application {app}',
  ],
  ['hard delete application', 'deleted the application {app} for good'],
  ['add group', 'made a group'],
  ['add policy', 'added a policy of the directory'],
  ['set company information', 'changed the settings of the organisation'],
  ['set directory feature on tenant', 'changed the settings of the organisation'],
  ['enable-inboxrule', 'turned on an inbox rule'],
  ['disable-inboxrule', 'turned off an inbox rule'],
  ['remove-inboxrule', 'removed an inbox rule'],
  ['remove-transportrule', 'removed a transport rule'],
  ['remove-mailboxpermission', 'took away access to a mailbox'],
  ['foldercreated', 'made a folder'],
  ['foldermodified', 'changed a folder'],
  ['sharinginheritancebroken', 'gave {file} permissions of its own'],
  ['permissionleveladded', 'added a permission level to a site'],
  ['groupadded', 'made a site group'],
  ['listcreated', 'made a list in SharePoint'],
  ['listupdated', 'changed a list in SharePoint'],
  ['listcolumncreated', 'added a column to a list in SharePoint'],
  ['listcolumnupdated', 'changed a column of a list in SharePoint'],
  ['sitecollectioncreated', 'made a site'],
  ['sitecollectionadminadded', 'made somebody an administrator of a site'],
  ['sitecollectionadminremoved', 'took the administration of a site from somebody'],
  ['groupcreation', 'made a group in Yammer'],
  ['appuninstalled', 'removed a Teams app'],
  ['appupgraded', 'upgraded a Teams app'],
])

/** Where "themselves" would not read well. */
const onOneself = new Map<string, string>([
  ['update user', 'changed their own account'],
  ['change user license', 'changed their own licences'],
  ['update stsrefreshtokenvalidfrom timestamp', 'revoked their own sessions'],
])

/** What was done, as it follows the name of who did it. */
export function activityInWords(context: RecordContext, app: CandidateOf<'APPLICATION'> | null): string {
  const { record, actor } = context
  // Assignments name the user in a property, for their target is the app.
  const target = context.target ?? addressee(newValueOf(record, 'User.UPN') ?? '', 'TARGET')
  const isOnOneself = sameUser(actor, target)
  const operation = (isOnOneself ? onOneself.get(record.operation) : undefined) ?? words.get(record.operation)
  if (operation === undefined) {
    const onWhom = target === null || isOnOneself ? '' : ` on ${calling(target)}`
    return `performed ${quoted(record.Operation ?? 'something unnamed')}${onWhom}`
  }
  const file = record.SourceFileName?.trim()
  return operation
    .replace('{target}', () => (isOnOneself ? 'themselves' : target === null ? 'somebody' : calling(target)))
    .replace('{app}', () => (app === null ? quoted(newValueOf(record, 'DisplayName') ?? 'not named') : appName(app)))
    .replace('{file}', () => (file ? quoted(file) : 'a file'))
}
