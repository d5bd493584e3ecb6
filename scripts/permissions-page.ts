import { type CatalogueEntry, leastPermissions } from '../src/services/remediations/contract.ts'

/** `docs/permissions.md`, made of the catalogue. */
export function permissionsPage(catalogue: readonly CatalogueEntry[]): string {
  const rows = catalogue.flatMap((entry) =>
    entry.permissions.application.map((needed, index) => {
      const [least = '', ...others] = typeof needed === 'string' ? [needed] : needed
      const kind = index === 0 ? `\`${entry.kind}\`` : ''
      const mutation = index === 0 ? `\`${mutationName(entry.group)}\`` : ''
      return `| ${kind} | ${mutation} | \`${least}\` | ${others.map((name) => `\`${name}\``).join(', ')} |`
    }),
  )
  const least = new Set(catalogue.flatMap((entry) => leastPermissions(entry)))
  return `<!-- Made by "npm run generate" from src/services/remediations/catalogue: change it there. -->

# Permissions

Application permissions that each remediation needs in the tenant, row by row: the least one, or any of the wider ones
beside it. What a tenant lacks greys out the remediation that needs it and nothing else.

| remediation | mutation | least | does as well |
| --- | --- | --- | --- |
${rows.join('\n')}

All of the least ones together:

${[...least]
  .sort()
  .map((name) => `- \`${name}\``)
  .join('\n')}

Besides, for the tenant as a whole:

- \`Application.Read.All\`: the health check, to see what the tenant has granted.
- \`ActivityFeed.Read\` (Office 365 Management APIs): new events. Without it the tenant is unhealthy, and no remediation is blocked.
`
}

/** `BLOCK_USER` is the mutation `blockUser`. */
const mutationName = (group: string) =>
  group.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
