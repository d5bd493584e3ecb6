import type { inboxRuleSigns } from '../src/services/events/classifiers/inbox-rule-signs.ts'
import type { severityGrounds } from '../src/services/events/severities.ts'
import type { techniques } from '../src/services/events/techniques.ts'

interface Tables {
  grounds: typeof severityGrounds
  signs: typeof inboxRuleSigns
  techniques: typeof techniques
}

/** `docs/events.md` with its tables made anew; what stands around them is written by hand. */
export function eventsPage(page: string, { grounds, signs, techniques }: Tables): string {
  const tables: Record<string, string> = {
    severities: table(
      ['type', 'severity', 'when'],
      Object.entries(grounds).flatMap(([type, all]) =>
        Object.values(all).map(({ severity, when }, index) => [index === 0 ? `\`${type}\`` : '', severity, when]),
      ),
    ),
    signs: table(
      ['sign', 'weight', 'why'],
      signs.toSorted((a, b) => b.weight - a.weight).map(({ sign, weight, why }) => [sign, String(weight), why]),
    ),
    techniques: table(
      ['technique', 'name'],
      Object.entries(techniques).map(([id, name]) => [
        `[${id}](https://attack.mitre.org/techniques/${id.replace('.', '/')}/)`,
        name,
      ]),
    ),
  }
  return Object.entries(tables).reduce((text, [name, made]) => {
    const place = new RegExp(`(<!-- ${name}: [^\\n]*-->\\n)[^]*?(<!-- end of ${name} -->)`)
    if (!place.test(text)) throw new Error(`docs/events.md has no place for the table "${name}".`)
    return text.replace(place, (_, begin: string, end: string) => `${begin}\n${made}\n${end}`)
  }, page)
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
const table = (head: readonly string[], rows: readonly string[][]): string =>
  [head, head.map(() => '---'), ...rows].map(row).join('')
