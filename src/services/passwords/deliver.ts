/** Where a temporary password goes: once, to people that an administrator of the product gave an address and access (B23, B24). */
import type { ServiceContext } from '../../context.ts'
import { operatorsWithAccess } from '../../db/operator-lookups.ts'
import type { UserFact } from '../facts/user.ts'
import { type InputIssue, InvalidInputError } from '../refusals.ts'
import type { Secret } from './secret.ts'

/** As the operator asked; at least one of them. */
export interface PasswordDelivery {
  onScreen: boolean
  emailMe: boolean
  /** Own ids of operators. */
  emailOperatorIds: readonly string[]
}

/** Addresses are stored by an administrator, never a claim of a token. */
export interface Recipient {
  operatorId: string
  email: string
}

const path = (field: string): string[] => ['input', 'passwordDelivery', field]

/** Everything that can be wrong with a delivery is found before anything is sent. Throws `InvalidInputError` that names the fields. */
export async function recipientsOf(
  ctx: ServiceContext,
  tenantId: string,
  user: UserFact,
  { onScreen, emailMe, emailOperatorIds }: PasswordDelivery,
): Promise<Recipient[]> {
  const wanted = [...new Set([...(emailMe ? [ctx.operator.id] : []), ...emailOperatorIds])]
  const known = wanted.length === 0 ? [] : await ctx.db.plain((tx) => operatorsWithAccess(tx, tenantId, wanted))
  const issues: InputIssue[] = []
  if (!onScreen && wanted.length === 0) {
    issues.push({
      path: ['input', 'passwordDelivery'],
      message: 'Say how the temporary password is delivered: on screen, by e-mail to you, or to others.',
    })
  }
  if (wanted.length > 0 && !ctx.mail) {
    issues.push({
      path: path(emailMe ? 'emailMe' : 'emailOperatorIds'),
      message: 'This service sends no mail (SMTP_URL is not set). Use onScreen.',
    })
  }
  const recipients: Recipient[] = []
  for (const id of wanted) {
    const field = emailMe && id === ctx.operator.id ? 'emailMe' : 'emailOperatorIds'
    const operator = known.find((one) => one.id === id)
    const isSelf = id === ctx.operator.id
    const email = operator?.email ?? (isSelf ? ctx.operator.email : null)
    if (!operator && !isSelf)
      issues.push({ path: path(field), message: 'There is no such operator with access to this tenant.' })
    else if (!email)
      issues.push({
        path: path(field),
        message: 'No e-mail address is stored for this operator: an administrator of the product sets it.',
      })
    else if (operator?.objectId === user.id || user.addresses.includes(email.toLowerCase())) {
      issues.push({ path: path(field), message: 'A temporary password never goes to the user whose password it is.' })
    } else recipients.push({ operatorId: id, email })
  }
  if (issues.length > 0) throw new InvalidInputError(issues.map(({ message }) => message).join(' '), issues)
  return recipients
}

/** Sends to each; answers who did not get it. Nothing of the password is in an error or a log. */
export async function sendPassword(
  ctx: ServiceContext,
  recipients: readonly Recipient[],
  { password, userPrincipalName, tenantName }: { password: Secret; userPrincipalName: string; tenantName: string },
): Promise<{ delivered: Recipient[]; failed: Recipient[] }> {
  const outcomes = await Promise.all(
    recipients.map(async (recipient) => {
      try {
        if (!ctx.mail) throw new Error('No mail is sent from here')
        await ctx.mail.send({
          to: recipient.email,
          subject: `Temporary password for ${userPrincipalName}`,
          text: [
            `The password of ${userPrincipalName} (${tenantName}) was reset by ${ctx.operator.displayName}.`,
            '',
            `Temporary password: ${password.reveal()}`,
            '',
            'It has to be changed at the next sign-in. Give it to the user by telephone or in person, then delete this mail.',
          ].join('\n'),
        })
        return { recipient, sent: true }
      } catch (error) {
        ctx.log.warn({ err: error, operatorId: recipient.operatorId }, 'A temporary password could not be mailed')
        return { recipient, sent: false }
      }
    }),
  )
  const those = (sent: boolean) => outcomes.filter((outcome) => outcome.sent === sent).map(({ recipient }) => recipient)
  return { delivered: those(true), failed: those(false) }
}
