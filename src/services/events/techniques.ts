/** The techniques of MITRE ATT&CK (Enterprise) that events point to, under MITRE's own names. */
export const techniques = {
  'T1070.008': 'Indicator Removal: Clear Mailbox Data',
  'T1078.004': 'Valid Accounts: Cloud Accounts',
  T1098: 'Account Manipulation',
  'T1098.001': 'Account Manipulation: Additional Cloud Credentials',
  'T1098.002': 'Account Manipulation: Additional Email Delegate Permissions',
  'T1098.003': 'Account Manipulation: Additional Cloud Roles',
  T1110: 'Brute Force',
  'T1114.002': 'Email Collection: Remote Email Collection',
  'T1114.003': 'Email Collection: Email Forwarding Rule',
  T1528: 'Steal Application Access Token',
  T1531: 'Account Access Removal',
  T1534: 'Internal Spearphishing',
  'T1556.006': 'Modify Authentication Process: Multi-Factor Authentication',
  'T1564.008': 'Hide Artifacts: Email Hiding Rules',
  T1566: 'Phishing',
  T1567: 'Exfiltration Over Web Service',
  T1671: 'Cloud Application Integration',
} as const

export type TechniqueId = keyof typeof techniques
