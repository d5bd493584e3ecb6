/** A transport rule as `Get-TransportRule` shows it, and how callers name one. */
import type { TransportRule, TransportRuleDetails } from '../exchange-world.ts'
import type { Tenant } from '../world.ts'
import type { ExchangeObject, PropertyType } from './cmdlet.ts'
import { objectAmbiguous, objectNotFound } from './errors.ts'

type Details = Record<keyof TransportRuleDetails, [type: PropertyType, says: string]>

const conditions: Partial<Details> = {
  From: ['Collection(String)', 'is received from'],
  SentTo: ['Collection(String)', 'is sent to'],
  FromScope: ['String', 'is received from the scope'],
  SentToScope: ['String', 'is sent to the scope'],
  SubjectOrBodyContainsWords: ['Collection(String)', 'includes these words in the subject or body:'],
}

const actions: Partial<Details> = {
  BlindCopyTo: ['Collection(String)', 'blind carbon copy (Bcc) the message to'],
  RedirectMessageTo: ['Collection(String)', 'redirect the message to'],
  CopyTo: ['Collection(String)', 'copy the message to'],
  AddToRecipients: ['Collection(String)', 'add to the recipients'],
  DeleteMessage: ['Boolean', 'delete the message without notifying anybody'],
}

const details = Object.entries({ ...conditions, ...actions })

export const transportRuleProperties: Readonly<Record<string, PropertyType>> = {
  Identity: 'String',
  DistinguishedName: 'String',
  Guid: 'Guid',
  Name: 'String',
  State: 'String',
  Mode: 'String',
  Priority: 'Int32',
  Description: 'String',
  Comments: 'String',
  CreatedBy: 'String',
  LastModifiedBy: 'String',
  WhenChanged: 'DateTime',
  RuleErrorAction: 'String',
  SenderAddressLocation: 'String',
  StopRuleProcessing: 'Boolean',
  ...Object.fromEntries(details.map(([name, [type]]) => [name, type])),
}

/** Every property is there (unverified: null instead of an empty list); what the rule does not use, or what is not to be shown, is null or false. */
export function transportRuleObject(tenant: Tenant, rule: TransportRule, showsDetails: boolean): ExchangeObject {
  const shown: Readonly<Record<string, unknown>> = showsDetails ? { ...rule } : {}
  return {
    Identity: rule.Name,
    DistinguishedName: distinguishedName(tenant, rule),
    Guid: rule.Guid,
    Name: rule.Name,
    State: rule.State,
    Mode: rule.Mode,
    Priority: rule.Priority,
    Description: showsDetails ? description(rule) : '',
    Comments: rule.Comments,
    CreatedBy: rule.CreatedBy,
    LastModifiedBy: rule.LastModifiedBy,
    WhenChanged: rule.WhenChanged,
    RuleErrorAction: rule.RuleErrorAction,
    SenderAddressLocation: rule.SenderAddressLocation,
    StopRuleProcessing: rule.StopRuleProcessing,
    ...Object.fromEntries(details.map(([name, [type]]) => [name, shown[name] ?? (type === 'Boolean' ? false : null)])),
  }
}

/** By GUID, or by a name or distinguished name that only one rule has. Throws `ExchangeError`. */
export function transportRuleNamed(tenant: Tenant, identity: string): TransportRule {
  const wanted = identity.toLowerCase()
  const byGuid = tenant.transportRules.find(({ Guid }) => Guid.toLowerCase() === wanted)
  if (byGuid) return byGuid
  const [first, second] = tenant.transportRules.filter((rule) =>
    [rule.Name, distinguishedName(tenant, rule)].some((name) => name.toLowerCase() === wanted),
  )
  if (second) throw objectAmbiguous(identity)
  if (!first) throw objectNotFound(identity)
  return first
}

function distinguishedName({ domains, id }: Tenant, { Name }: TransportRule): string {
  const organization = domains[0]?.id ?? id
  const name = Name.replaceAll(/[\\,+"<>;=]/g, '\\$&')
  return `CN=${name},CN=TransportVersioned,CN=Rules,CN=Transport Settings,CN=Configuration,CN=${organization},CN=ConfigurationUnits,DC=EURPR05A009,DC=PROD,DC=OUTLOOK,DC=COM`
}

function description(rule: TransportRule): string {
  const looksFor = phrases(conditions, rule)
  const paragraphs = [
    ...(looksFor.length > 0 ? ['If the message:', ...looksFor] : ['Apply to all messages']),
    'Take the following actions:',
    ...phrases(actions, rule),
  ]
  return paragraphs.join('\r\n')
}

function phrases(table: Partial<Details>, rule: TransportRule): string[] {
  const used: Readonly<Record<string, unknown>> = { ...rule }
  return Object.entries(table).flatMap(([name, [type, says]]) => {
    const value = used[name]
    if (value === undefined || value === null || value === false) return []
    if (type === 'Boolean') return [`\t${says}`]
    const words = [value].flat().map((word) => `'${word}'`)
    return [`\t${says} ${words.join(' or ')}`]
  })
}
