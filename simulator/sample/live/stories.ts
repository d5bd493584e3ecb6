/** What the tenants of the sample suffer while one watches: business e-mail compromises, in the order in which they begin. */
import { anApplication } from '../../builders.ts'
import { guid } from '../../ids.ts'
import { aTeamsApp } from '../../teams.ts'
import {
  addsSecret,
  addsTransportRule,
  changesFactors,
  consents,
  forwards,
  installs,
  letsIn,
  makesRule,
  reads,
  type Step,
  sends,
  signsIn,
} from './steps.ts'

export interface LiveStory {
  /** The same over restarts: what has begun does not begin again. */
  name: string
  /** Display names of the tenant, and of whose account is abused. */
  tenant: string
  person: string
  ip: string
  steps: readonly Step[]
}

const ofStrangers = (displayName: string) =>
  anApplication({ displayName, homeTenantId: guid('tenant', `${displayName} publisher`) })

const recipient = (address: string): object => ({ emailAddress: { name: address, address } })
const hidden = { moveToFolder: 'RSS Feeds', markAsRead: true, stopProcessingRules: true }

export const liveStories: readonly LiveStory[] = [
  {
    name: 'Changed bank account',
    tenant: 'Northwind Traders',
    person: 'Hugo',
    ip: '198.51.100.181',
    steps: [
      signsIn(4),
      consents(ofStrangers('Inbox Insights'), ['offline_access', 'Mail.ReadWrite', 'Mail.Send']),
      makesRule({
        displayName: '...',
        conditions: { bodyOrSubjectContains: ['invoice', 'bank', 'payment'] },
        actions: hidden,
      }),
      forwards('h.archive@example.net'),
      sends('Accounts', 'Our new bank account'),
    ],
  },
  {
    name: 'Quiet reader',
    tenant: 'Northwind Traders',
    person: 'Hana',
    ip: '192.0.2.61',
    steps: [
      signsIn(2),
      letsIn('Hana', 'Ines'),
      reads('Ines', 640),
      addsTransportRule(
        { Name: 'Journal', BlindCopyTo: ['journal@example.org'], SubjectOrBodyContainsWords: ['contract', 'salary'] },
        { BlindCopyTo: 'journal@example.org', SubjectOrBodyContainsWords: 'contract;salary' },
      ),
    ],
  },
  {
    name: 'Toys by another way',
    tenant: 'Tailspin Toys',
    person: 'Walter',
    ip: '198.51.100.203',
    steps: [
      signsIn(5),
      changesFactors,
      makesRule({
        displayName: 'a',
        conditions: { subjectContains: ['delivery', 'order'] },
        actions: { forwardTo: [recipient('orders@example.net')], delete: true },
      }),
    ],
  },
  {
    name: 'Helpful app',
    tenant: 'Northwind Traders',
    person: 'Kira',
    ip: '192.0.2.118',
    steps: [
      signsIn(1),
      installs(
        aTeamsApp('Meeting Minutes', { clientAppId: guid('application', 'Meeting Minutes') }),
        'TEAM',
        'Northwind Marketing',
      ),
      consents(ofStrangers('Meeting Minutes'), ['offline_access', 'Chat.Read', 'Files.Read.All']),
    ],
  },
  {
    name: 'Sales by Fabrikam',
    tenant: 'Fabrikam',
    person: 'Tariq',
    ip: '198.51.100.77',
    steps: [
      signsIn(3),
      consents(ofStrangers('Mail Merge Plus'), ['offline_access', 'Mail.Read', 'Contacts.Read']),
      forwards('tariq.sales@example.com'),
    ],
  },
  {
    name: 'Way back in',
    tenant: 'Northwind Traders',
    person: 'Nils',
    ip: '192.0.2.9',
    steps: [
      signsIn(2),
      addsSecret('Northwind Intranet'),
      makesRule({
        displayName: '',
        conditions: { senderContains: ['microsoft.com', 'security@'] },
        actions: { delete: true },
      }),
    ],
  },
]
