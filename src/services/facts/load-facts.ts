import type { Subject, SubjectOf } from '../events/types.ts'
import { type FactReader, known, type Reading } from './fact.ts'
import { type GrantedPermissions, loadGrantedPermissions } from './granted-permissions.ts'
import { type AdminStanding, adminStanding, loadRoleRoster, type RoleRoster } from './role-roster.ts'
import { loadUsers, type UserFact } from './user.ts'

/** Every fact that a remediation may need. A new fact is one file in this folder and one line here and in `loadFacts`. */
export interface FactValues {
  user: UserFact
  adminStanding: AdminStanding
}
export type FactName = keyof FactValues

/** Facts of one subject. `user` is known to be `null` when the tenant has no such user. */
export interface SubjectFacts {
  user: Reading<UserFact | null>
  adminStanding: Reading<AdminStanding>
}

/** Facts of one tenant and of the subjects asked for. */
export interface TenantFacts {
  granted: Reading<GrantedPermissions>
  roster: Reading<RoleRoster>
  /** By subject id. */
  subjects: ReadonlyMap<string, SubjectFacts>
}

/** Everything at once: what the first wave of Graph reads can hold leaves as one `$batch`. */
export async function loadFacts(reader: FactReader, subjects: readonly Subject[]): Promise<TenantFacts> {
  const users = subjects.filter((subject): subject is SubjectOf<'USER'> => subject.type === 'USER')
  const [granted, roster, userReadings] = await Promise.all([
    loadGrantedPermissions(reader),
    loadRoleRoster(reader),
    loadUsers(reader, users),
  ])
  const factsOf = ({ id }: SubjectOf<'USER'>): SubjectFacts => {
    const user = userReadings.get(id) ?? known(null)
    return { user, adminStanding: standingOf(user, roster) }
  }
  return { granted, roster, subjects: new Map(users.map((subject) => [subject.id, factsOf(subject)])) }
}

function standingOf(user: Reading<UserFact | null>, roster: Reading<RoleRoster>): Reading<AdminStanding> {
  if (!roster.known) return roster
  if (!user.known) return user
  return known(adminStanding(roster.value, user.value?.id ?? ''))
}
