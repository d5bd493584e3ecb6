import type { MailboxPermission } from '../../exchange-world.ts'
import type { Mailbox, Switches } from '../../world.ts'
import { textOf } from '../arguments.ts'
import { type Cmdlet, type CmdletOutput, recipientAdministrators } from '../cmdlet.ts'
import { refused } from '../errors.ts'
import { isSameName, principalNamed } from '../principals.ts'
import { mailboxNamed } from './get-mailbox.ts'
import { permissionsOf } from './get-mailbox-permission.ts'

/** Unverified: that an entry of another `InheritanceType` is not the one meant. */
export const removeMailboxPermission: Cmdlet = {
  name: 'Remove-MailboxPermission',
  roles: recipientAdministrators,
  mutates: true,
  properties: {},
  run: ({ engine, tenant, parameters }) => {
    const mailbox = mailboxNamed(tenant, String(parameters.Identity))
    const { account } = principalNamed(tenant, String(parameters.User))
    const rights = [parameters.AccessRights].flat()
    const inheritanceType = textOf(parameters.InheritanceType) ?? 'All'
    const meant = permissionsOf(tenant, mailbox).filter(
      (one) =>
        isSameName(one.User, account) &&
        one.Deny === (parameters.Deny === true) &&
        one.AccessRights.some((right) => rights.includes(right)),
    )
    const own = meant.filter((one) => !one.IsInherited && one.InheritanceType === inheritanceType)
    if (own.length === 0) return nothingRemoved(mailbox, account, meant, engine.world.switches)
    for (const permission of own) {
      permission.AccessRights = permission.AccessRights.filter((right) => !rights.includes(right))
    }
    tenant.mailboxPermissions = tenant.mailboxPermissions.filter(({ AccessRights }) => AccessRights.length > 0)
    return { value: [], changed: mailbox.alias }
  },
}

/** A warning, or an error where the switches say so. */
function nothingRemoved(
  { alias }: Mailbox,
  account: string,
  meant: readonly MailboxPermission[],
  { inheritedAccessAnswers400, absentAccessAnswers400 }: Switches = {},
): CmdletOutput {
  const inherited = meant.find(({ IsInherited }) => IsInherited)
  const control = inherited?.Deny ? 'Deny' : 'Allow'
  const sentence = inherited
    ? `An inherited access control entry has been specified: [Rights: ${inherited.AccessRights.join(', ')}, ControlType: ${control}] and was ignored on object "${alias}".`
    : `Can't remove the access control entry on the object "${alias}" for the user account "${account}" because the ACE doesn't exist on the object.`
  if (inherited ? inheritedAccessAnswers400 : absentAccessAnswers400) throw refused(sentence)
  return { value: [], warnings: [sentence] }
}
