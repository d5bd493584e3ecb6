import type { Classifier, Finding, RecordContext } from '../classifier.ts'
import { actionKey, rank, sentence } from '../classifier.ts'
import { calling, nameOf, sameUser } from '../identities.ts'
import { newValueOf } from '../record.ts'
import { type GroundOf, graded } from '../severities.ts'
import { listed, plain, quoted } from '../text.ts'
import type { AppIds } from './apps.ts'
import {
  added,
  application,
  appName,
  appOfProperties,
  credentialIds,
  powerfulOf,
  requiredAccess,
  scopesIn,
  targetApp,
} from './apps.ts'

const delegatedGrants = new Set(['add delegated permission grant', 'add oauth2permissiongrant'])
const roleGrants = new Set(['add app role assignment to service principal'])
const credentialChanges = new Set([
  'update application - certificates and secrets management',
  'update application',
  'update service principal',
])
const credentialAdditions = new Set(['add service principal credentials', 'add application credentials'])
const ownerAdditions = new Set(['add owner to application', 'add owner to service principal'])

/** An app can do more than before: permission granted or asked for, a new credential, a new owner. Shrinking is no event of this type. */
export const permissionsChanged: Classifier = (context) => {
  if (!context.happened) return null
  return granted(context) ?? credentialAdded(context) ?? requiredAccessGrew(context) ?? ownerAdded(context)
}

/** In grants `Target` and `ObjectId` name the resource, such as Microsoft Graph; the client stands in `ModifiedProperties`. */
function granted(context: RecordContext): Finding | null {
  const { record } = context
  const isDelegated = delegatedGrants.has(record.operation)
  if (!isDelegated && !roleGrants.has(record.operation)) return null
  const role = newValueOf(record, 'AppRole.Value') ?? newValueOf(record, 'AppRole.DisplayName')
  const scopes = isDelegated
    ? scopesIn(newValueOf(record, 'DelegatedPermissionGrant.Scope'))
    : role === undefined
      ? []
      : [plain(role, 80)]
  const resource = nameOf(record.Target)
  const consentType = newValueOf(record, 'DelegatedPermissionGrant.ConsentType')
  const forAll = consentType === 'AllPrincipals'
  const strong = powerfulOf(scopes)
  // Records under the older name tell neither the scope nor for whom.
  const isTold = scopes.length > 0 && consentType !== undefined
  const reasons = !isDelegated
    ? ['The app uses an application permission without any user.']
    : !isTold
      ? ['The record does not tell which permission it is, or for whom: look at what the app may do.']
      : [forAll ? 'The permission holds for all users.' : 'The permission holds for one user.']
  if (strong.length > 0) reasons.push(`Far-reaching permissions: ${listed(strong)}.`)
  const what = scopes.length === 0 ? 'a permission' : listed(scopes, 12)
  const on = resource === undefined ? '' : ` on ${quoted(resource)}`
  return finding(context, appOfProperties(record, 'ServicePrincipal'), {
    ground: groundOf(),
    title: (app) => `${calling(context.actor)} granted permissions to ${app}`,
    predicate: (app) => `granted ${app} ${what}${on}`,
    reasons,
    rank: rank.permissionGrant,
    techniques: ['T1098.003'],
  })

  function groundOf(): GroundOf<'APPLICATION_PERMISSIONS_CHANGED'> {
    if (!isDelegated) return 'WITHOUT_USER'
    if (forAll) return 'FOR_EVERYBODY'
    if (strong.length > 0) return 'FAR_REACHING'
    return isTold ? 'ONE_USER' : 'NOT_TOLD'
  }
}

function credentialAdded(context: RecordContext): Finding | null {
  const { record } = context
  const change = record.ModifiedProperties.get('KeyDescription')
  const fresh = change === undefined ? [] : added(credentialIds(change.oldValue), credentialIds(change.newValue))
  const isAdded =
    credentialAdditions.has(record.operation) || (credentialChanges.has(record.operation) && fresh.length > 0)
  if (!isAdded) return null
  return finding(context, targetApp(record), {
    ground: 'NEW_CREDENTIAL',
    title: (app) => `${calling(context.actor)} added a credential to ${app}`,
    predicate: (app) =>
      `added ${fresh.length > 1 ? `${fresh.length} secrets or certificates` : 'a secret or certificate'} to ${app}`,
    reasons: ['Whoever holds the new credential can act as the app, also after every password is changed.'],
    rank: rank.appCredential,
    techniques: ['T1098.001'],
  })
}

function requiredAccessGrew(context: RecordContext): Finding | null {
  const { record } = context
  const change =
    record.operation === 'update application' ? record.ModifiedProperties.get('RequiredResourceAccess') : undefined
  if (change === undefined) return null
  const fresh = added(requiredAccess(change.oldValue), requiredAccess(change.newValue))
  if (fresh.length === 0) return null
  const onlyDelegated = fresh.every((key) => key.endsWith('/delegated'))
  return finding(context, targetApp(record), {
    ground: 'ASKED_FOR',
    title: (app) => `${calling(context.actor)} asked for more permissions for ${app}`,
    predicate: (app) =>
      `added ${fresh.length === 1 ? 'one permission' : `${fresh.length} permissions`} to what ${app} asks for`,
    reasons: [
      onlyDelegated ? 'The new permissions are used on behalf of users.' : 'At least one is used without any user.',
      'They take effect once somebody consents.',
    ],
    rank: rank.permissionGrant,
    techniques: ['T1098.003'],
  })
}

function ownerAdded(context: RecordContext): Finding | null {
  const { record } = context
  if (!ownerAdditions.has(record.operation)) return null
  const { actor, target } = context
  const owner = target === null ? 'somebody' : sameUser(actor, target) ? 'themselves' : calling(target)
  const ofApplication = record.operation.endsWith('application')
  return finding(context, appOfProperties(record, ofApplication ? 'Application' : 'ServicePrincipal'), {
    ground: 'NEW_OWNER',
    title: (app) => `${calling(context.actor)} added an owner to ${app}`,
    predicate: (app) => `made ${owner} an owner of ${app}`,
    reasons: ['Owners can add credentials to the app and act as it.'],
    rank: rank.appOwner,
    techniques: ['T1098'],
  })
}

interface Wording extends Pick<Finding, 'reasons' | 'rank' | 'techniques'> {
  ground: GroundOf<'APPLICATION_PERMISSIONS_CHANGED'>
  title: (app: string) => string
  predicate: (app: string) => string
}

function finding(context: RecordContext, ids: AppIds, wording: Wording): Finding {
  const app = application(ids)
  const name = appName(app)
  return {
    ...graded('APPLICATION_PERMISSIONS_CHANGED', wording.ground),
    title: wording.title(name),
    description: sentence(context, wording.predicate(name)),
    reasons: wording.reasons,
    techniques: wording.techniques,
    subjects: app === null ? [] : [app],
    actionKey: actionKey(context, ids.servicePrincipalId ?? ids.applicationId ?? ids.appId),
    rank: wording.rank,
  }
}
