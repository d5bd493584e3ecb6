import type { CatalogueEntry } from '../contract.ts'
import type { RemediationKind } from '../types.ts'
import { disableUser } from './disable-user.ts'
import { revokeSessions } from './revoke-sessions.ts'

/** All remediations; their place is the order of application (B6). */
export const catalogue: readonly CatalogueEntry[] = [disableUser, revokeSessions]

export const entryOf = (kind: RemediationKind): CatalogueEntry | undefined =>
  catalogue.find((entry) => entry.kind === kind)
