/** Permissions on installed Teams apps, which differ from scope to scope and from call to call. */
import type { TeamsScope } from '../world.ts'
import type { Permissions } from './route.ts'

const nouns: Record<TeamsScope, string> = { USER: 'User', TEAM: 'Team', CHAT: 'Chat' }

interface Further {
  application?: readonly string[]
  both?: readonly string[]
}

function permissionsOf(scope: TeamsScope, verbs: readonly string[], { application = [], both = [] }: Further = {}) {
  const delegated = verbs.map((verb) => `TeamsAppInstallation.${verb}For${nouns[scope]}`)
  return {
    application: [...delegated.map((name) => `${name}.All`), ...application, ...both],
    delegated: [...delegated, ...both],
  } satisfies Permissions
}

const withConsent = ['ReadWriteAndConsent', 'ReadWriteAndConsentSelf'] as const
const reading = ['Read', 'ReadWriteSelf', 'ReadWrite'] as const
const writing = ['ReadWriteSelf', 'ReadWrite'] as const
const readAll = ['TeamsAppInstallation.Read.All'] as const
const changesGroups = ['Group.ReadWrite.All', 'Directory.ReadWrite.All'] as const
const readsGroups = ['Group.Read.All', 'Directory.Read.All', ...changesGroups] as const

interface InstallationPermissions {
  list: Permissions
  get: Permissions
  uninstall: Permissions
}

const user = permissionsOf('USER', [...reading, ...withConsent], { application: readAll })
const team = permissionsOf('TEAM', [...reading, ...withConsent], { application: readAll, both: readsGroups })

export const installationPermissions: Record<TeamsScope, InstallationPermissions> = {
  USER: { list: user, get: user, uninstall: permissionsOf('USER', [...writing, ...withConsent]) },
  TEAM: { list: team, get: team, uninstall: permissionsOf('TEAM', writing, { both: changesGroups }) },
  CHAT: {
    list: permissionsOf('CHAT', [...reading, ...withConsent], { application: readAll }),
    get: permissionsOf('CHAT', reading, { application: readAll }),
    uninstall: permissionsOf('CHAT', writing),
  },
}

/** With it an application reaches the installations of itself alone. */
export const isSelfOnly = (permission: string): boolean => permission.includes('SelfFor')

export const readCatalog: Permissions = {
  application: ['AppCatalog.Read.All', 'AppCatalog.ReadWrite.All'],
  delegated: [
    ...['AppCatalog.Submit', 'AppCatalog.Read.All', 'AppCatalog.ReadWrite.All'],
    ...['Directory.Read.All', 'Directory.ReadWrite.All'],
  ],
}
/** For people only: the application permission of that name lets read. */
export const changeCatalog: Permissions = {
  application: [],
  delegated: ['AppCatalog.Submit', 'AppCatalog.ReadWrite.All', 'Directory.ReadWrite.All'],
}
