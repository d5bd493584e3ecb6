import type { Role } from '../../context.ts'
import type { RemediationGroup } from './types.ts'

/** The product's role that a mutation takes. */
export const roleFor = (group: RemediationGroup): Role =>
  group === 'BLOCK_USER' ? 'Remediations.User' : 'Remediations.AppsAndRules'
