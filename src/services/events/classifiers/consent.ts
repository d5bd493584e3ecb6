import type { Classifier } from '../classifier.ts'
import { actionKey, rank, sentence } from '../classifier.ts'
import { calling } from '../identities.ts'
import { newValueOf } from '../record.ts'
import { type GroundOf, graded } from '../severities.ts'
import { listed, plain } from '../text.ts'
import { application, appName, powerfulOf, scopesOfConsent, targetApp } from './apps.ts'

/** A person let an app act for them, or for everybody. A failed consent has the same name and gave nothing. */
export const consent: Classifier = (context) => {
  const { record } = context
  if (record.operation !== 'consent to application' || !context.happened) return null
  const ids = targetApp(record)
  const app = application(ids)
  const permissions = newValueOf(record, 'ConsentAction.Permissions')
  const { scopes, tenantWide } = scopesOfConsent(permissions)
  const onBehalfOfAll = newValueOf(record, 'ConsentContext.OnBehalfOfAll')?.toLowerCase()
  const forAll = tenantWide || onBehalfOfAll === 'true'
  const isTold = permissions !== undefined || onBehalfOfAll !== undefined
  const strong = powerfulOf(scopes)
  // Only an administrator gets past this warning.
  const warning = newValueOf(record, 'ConsentAction.Reason')
  const reasons = [
    forAll
      ? 'The consent holds for the whole organisation.'
      : isTold
        ? 'The consent holds for this user.'
        : 'The record does not tell for whom the consent holds.',
  ]
  if (warning !== undefined) reasons.push(`Microsoft remarked: ${plain(warning, 120)}.`)
  if (strong.length > 0) reasons.push(`It includes far-reaching permissions: ${listed(strong)}.`)
  if (scopes.includes('offline_access')) reasons.push('The app keeps access while the user is away (offline_access).')
  return {
    ...graded('USER_CONSENTED_TO_APP', groundOf()),
    title: `${calling(context.actor)} consented to ${appName(app)}`,
    description: `${sentence(context, `gave ${appName(app)} ${scopes.length === 0 ? 'access' : `the ${scopes.length === 1 ? 'permission' : 'permissions'} ${listed(scopes, 12)}`}`)} A changed password does not end an app's access; removing the app does.`,
    reasons,
    techniques: ['T1528'],
    subjects: app === null ? [] : [app],
    actionKey: actionKey(context, ids.servicePrincipalId),
    rank: rank.consent,
  }

  function groundOf(): GroundOf<'USER_CONSENTED_TO_APP'> {
    if (forAll) return 'FOR_EVERYBODY'
    if (strong.length > 0) return 'FAR_REACHING'
    if (/risky/i.test(warning ?? '')) return 'RISKY_APP'
    return isTold ? 'ONE_USER' : 'NOT_TOLD'
  }
}
