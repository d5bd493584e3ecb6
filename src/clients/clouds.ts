/** Microsoft's national clouds: hosts to sign in and to call, and the scope of an app-only token for each. */

export const cloudNames = ['global', 'usgov', 'dod', 'china'] as const
export type CloudName = (typeof cloudNames)[number]

export interface Cloud {
  entraUrl: string
  graphUrl: string
  exchangeUrl: string
  /** The Office 365 Management Activity API. */
  managementUrl: string
  graphScope: string
  exchangeScope: string
  managementScope: string
}

const cloud = (entraUrl: string, graphUrl: string, exchangeUrl: string, managementUrl: string): Cloud => ({
  entraUrl,
  graphUrl,
  exchangeUrl,
  managementUrl,
  graphScope: `${graphUrl}/.default`,
  exchangeScope: `${exchangeUrl}/.default`,
  managementScope: `${managementUrl}/.default`,
})

/** `usgov` is GCC High; GCC itself lives in the global cloud. */
export const clouds: Readonly<Record<CloudName, Cloud>> = {
  global: cloud(
    'https://login.microsoftonline.com',
    'https://graph.microsoft.com',
    'https://outlook.office365.com',
    'https://manage.office.com',
  ),
  usgov: cloud(
    'https://login.microsoftonline.us',
    'https://graph.microsoft.us',
    'https://outlook.office365.us',
    'https://manage.office365.us',
  ),
  dod: cloud(
    'https://login.microsoftonline.us',
    'https://dod-graph.microsoft.us',
    'https://outlook-dod.office365.us',
    'https://manage.protection.apps.mil',
  ),
  china: cloud(
    'https://login.chinacloudapi.cn',
    'https://microsoftgraph.chinacloudapi.cn',
    'https://outlook.office365.cn',
    'https://manage.office365.cn',
  ),
}
