/** Permissions that let an app read or send mail, read all files, or change the directory. */
const risky =
  /^(mail\.|mailboxsettings\.readwrite|full_access|ews\.|imap\.|pop\.|smtp\.|exchange\.manage|files\.(read|readwrite)(\.all|$)|sites\.|directory\.|rolemanagement\.|approleassignment|application\.readwrite|user\.readwrite\.all|user\.manage|group\.readwrite|chat\.|channelmessage\.|contacts\.|calendars\.)/i

export const isRiskyPermission = (name: string): boolean => risky.test(name)
