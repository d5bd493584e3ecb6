import type { Classifier } from '../classifier.ts'
import { actionKey, rank, sentence } from '../classifier.ts'
import { calling } from '../identities.ts'
import { newValueOf } from '../record.ts'
import { graded } from '../severities.ts'
import { listed } from '../text.ts'
import { application, appName, powerfulOf, scopesOfConsent, targetApp } from './apps.ts'

/** A person let an app act for them, or for everybody. A failed consent has the same name and gave nothing. */
export const consent: Classifier = (context) => {
  const { record } = context
  if (record.operation !== 'consent to application' || !context.happened) return null
  const ids = targetApp(record)
  const app = application(ids)
  const { scopes, tenantWide } = scopesOfConsent(newValueOf(record, 'ConsentAction.Permissions'))
  const forAll = tenantWide || newValueOf(record, 'ConsentContext.OnBehalfOfAll')?.toLowerCase() === 'true'
  const strong = powerfulOf(scopes)
  const reasons = [forAll ? 'The consent holds for the whole organisation.' : 'The consent holds for this user.']
  if (strong.length > 0) reasons.push(`It includes far-reaching permissions: ${listed(strong)}.`)
  if (scopes.includes('offline_access')) reasons.push('The app keeps access while the user is away (offline_access).')
  return {
    ...graded('USER_CONSENTED_TO_APP', forAll ? 'FOR_EVERYBODY' : strong.length > 0 ? 'FAR_REACHING' : 'ONE_USER'),
    title: `${calling(context.actor)} consented to ${appName(app)}`,
    description: `${sentence(context, `gave ${appName(app)} ${scopes.length === 0 ? 'access' : `the permissions ${listed(scopes, 12)}`}`)} A changed password does not end an app's access; removing the app does.`,
    reasons,
    techniques: ['T1528'],
    subjects: app === null ? [] : [app],
    actionKey: actionKey(context, ids.servicePrincipalId),
    rank: rank.consent,
  }
}
