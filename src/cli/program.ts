/** The command `tourniquet`. Each command's code is loaded only when it is called, so that `--help` is quick. */
import { userInfo } from 'node:os'
import { Command, CommanderError, Option } from 'commander'
import { type Answer, CommandFault, print, sentenceFor } from './output.ts'

const program = new Command('tourniquet')
  .description('What can be done about a Microsoft 365 security event, why not the rest, doing it, and an audit trail.')
  .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
  .option('--json', 'print one JSON object on standard output')
  .addHelpText('after', '\nExit status: 0 done, 1 faults found, 2 wrong use.')
  .exitOverride()

const tenantOption = () => new Option('--tenant <id>', 'Entra tenant id')
const rolesHelp = 'a role of the product, e.g. Events.Read; repeat the option for several'
const several = (value: string, before: string[] = []) => [...before, value]
const asJson = () => program.opts<{ json?: boolean }>().json === true
/** In the audit: whoever runs the command, as the system calls them. */
const caller = () => {
  try {
    return userInfo().username
  } catch {
    return 'unknown'
  }
}
const answer = async (work: Promise<Answer>) => print(await work, asJson())

program
  .command('serve')
  .description('run the gateway, configured by the environment')
  .action(async () => (await import('./services.ts')).runGateway())

program
  .command('worker')
  .description('run a worker: reads the feeds of events, finishes interrupted runs, signs the audit')
  .action(async () => (await import('./services.ts')).runWorker())

program
  .command('migrate')
  .description('bring the database of DATABASE_MIGRATION_URL up to this version')
  .action(async () => answer((await import('./migrate.ts')).migrateDatabase()))

program
  .command('sandbox')
  .description('run everything on a simulated Microsoft 365: no account, no secret, no other software')
  .option('--reset', 'empty the sandbox first')
  .action(async (options: { reset?: boolean }) => {
    process.exitCode = await (await import('../sandbox/sandbox.ts')).runSandbox({ reset: options.reset === true })
  })

program
  .command('import')
  .description('store the security events of a file of audit records (Office 365 Management Activity, one JSON a line)')
  .argument('<file>', 'path, or - for standard input')
  .addOption(new Option('--tenant <id>', 'tenant of records that name none'))
  .action(async (file: string, options: { tenant?: string }) =>
    answer((await import('./import.ts')).importFile({ file, tenant: options.tenant ?? null })),
  )

const tenants = program.command('tenants').description('the Microsoft 365 tenants that the service knows')
tenants
  .command('connect')
  .description('record a tenant and print the page on which its Global Administrator consents')
  .argument('<id>', 'Entra tenant id')
  .option('--name <name>', 'how it is called here')
  .option('--consented', 'its Global Administrator has consented: act in it from now on')
  .action(async (id: string, options: { name?: string; consented?: boolean }) =>
    answer((await import('./tenants.ts')).connectTenant({ id, ...options, by: caller() })),
  )
tenants
  .command('list')
  .description('every tenant with its status')
  .action(async () => answer((await import('./tenants.ts')).listTenants()))
tenants
  .command('disconnect')
  .description('act in a tenant no more; its events and its audit stay')
  .argument('<id>', 'Entra tenant id')
  .action(async (id: string) => answer((await import('./tenants.ts')).disconnectTenant({ id, by: caller() })))

const operatorHelp = 'person:TENANT/OBJECTID, application:TENANT/APPID or partner:NAME-or-ID'
const access = program.command('access').description('who may do what in which tenant')
access
  .command('grant')
  .description('let an operator, or the members of a partner, act in a tenant; adds to the roles it holds there')
  .argument('<operator>', operatorHelp)
  .addOption(tenantOption().makeOptionMandatory())
  .requiredOption('--role <role>', rolesHelp, several)
  .option('--name <name>', "the operator's display name")
  .option('--email <address>', 'where this operator may receive mail of the product')
  .action(async (operator: string, options: { tenant: string; role: string[]; name?: string; email?: string }) =>
    answer((await import('./access.ts')).grant({ operator, ...options, by: caller() })),
  )
access
  .command('revoke')
  .description('take it away; counts from the next request')
  .argument('<operator>', operatorHelp)
  .addOption(tenantOption().makeOptionMandatory())
  .action(async (operator: string, options: { tenant: string }) =>
    answer((await import('./access.ts')).revoke({ operator, ...options, by: caller() })),
  )
access
  .command('list')
  .description('every grant that counts')
  .addOption(tenantOption())
  .action(async (options: { tenant?: string }) => answer((await import('./access.ts')).list(options)))

const partners = program.command('partners').description('organisations that look after several tenants')
partners
  .command('create')
  .description('record a partner, known by its own Entra tenant')
  .argument('<name>')
  .addOption(new Option('--tenant <id>', "the partner's own Entra tenant id").makeOptionMandatory())
  .action(async (name: string, options: { tenant: string }) =>
    answer((await import('./partners.ts')).createPartner({ name, ...options })),
  )
const memberHelp = 'person:TENANT/OBJECTID or application:TENANT/APPID'
partners
  .command('add-member')
  .description('let a technician act wherever the partner may; signing in from its Entra tenant alone opens nothing')
  .argument('<partner>', 'its name or id')
  .argument('<operator>', memberHelp)
  .option('--name <name>', "the operator's display name")
  .option('--email <address>', 'where this operator may receive mail of the product')
  .action(async (partner: string, operator: string, options: { name?: string; email?: string }) =>
    answer((await import('./partners.ts')).addMember({ partner, operator, ...options, by: caller() })),
  )
partners
  .command('remove-member')
  .description('take it away; counts from the next request')
  .argument('<partner>', 'its name or id')
  .argument('<operator>', memberHelp)
  .action(async (partner: string, operator: string) =>
    answer((await import('./partners.ts')).removeMember({ partner, operator, by: caller() })),
  )
partners
  .command('list')
  .description('every partner with its members')
  .action(async () => answer((await import('./partners.ts')).listPartners()))

const keys = program.command('keys').description('API keys of integrations')
keys
  .command('create')
  .description('make a key, shown once')
  .argument('<name>', 'what the key is for')
  .addOption(
    new Option('--tenant <id>', 'a tenant it may act in; repeat for several').argParser(several).makeOptionMandatory(),
  )
  .requiredOption('--role <role>', rolesHelp, several)
  .option('--expires <date>', 'when it ends, e.g. 2027-01-31, or "never"; default: in a year')
  .action(async (name: string, options: { tenant: string[]; role: string[]; expires?: string }) =>
    answer(
      (await import('./keys.ts')).createKey({
        name,
        tenants: options.tenant,
        roles: options.role,
        expires: options.expires,
        by: caller(),
      }),
    ),
  )
keys
  .command('list')
  .description('every key, without the key itself')
  .action(async () => answer((await import('./keys.ts')).listKeys()))
keys
  .command('revoke')
  .description('end a key at once')
  .argument('<id>', 'its id, from "keys list"')
  .action(async (id: string) => answer((await import('./keys.ts')).revokeKey({ id, by: caller() })))

const audit = program.command('audit').description('what was done, by whom')
audit
  .command('verify')
  .description('look for changed, removed or reordered entries: in the chain, and against every signed head')
  .addOption(tenantOption())
  .option('--head <file>', "also against the signed heads in a file that was kept: an export, or the worker's log")
  .action(async (options: { tenant?: string; head?: string }) =>
    answer((await import('./audit.ts')).verify({ ...options, by: caller() })),
  )
audit
  .command('export')
  .description(
    'write the signed head and the entries of a tenant, newest first, one JSON a line (with --json one object)',
  )
  .addOption(tenantOption().makeOptionMandatory())
  .addOption(
    new Option('--format <format>', 'our own fields, or events of the Open Cybersecurity Schema Framework 1.6.0')
      .choices(['jsonl', 'ocsf'] as const)
      .default('jsonl' as const),
  )
  .action(async (options: { tenant: string; format: 'jsonl' | 'ocsf' }) => {
    const collected: { head: object | null; entries: object[] } = { head: null, entries: [] }
    const collect = asJson()
    const writeLine = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
    const { tenantId, fault } = await (await import('./audit.ts')).exportEntries({
      ...options,
      by: caller(),
      onHead: (head, line) => {
        collected.head = head
        if (!collect) writeLine(line)
      },
      onEntries: (page) => {
        if (collect) collected.entries.push(...page)
        else for (const entry of page) writeLine(entry)
      },
    })
    if (collect) print({ json: { tenantId, ...collected, fault }, text: '' }, true)
    if (fault === null) return
    console.error(
      `tourniquet: the export has no signed head, for the trail is broken: entry ${fault.seq}: ${fault.what}`,
    )
    process.exitCode = 1
  })

forEachCommand(program, (command) => {
  command
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`tourniquet: ${text.replace(/^error: /, '')}`) })
  command.showHelpAfterError('(add --help to see how it is used)')
})

// A reader that has seen enough (`| head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = fail(error)
}

/** Says what went wrong in a sentence; with `--json` also as an object. */
function fail(error: unknown): number {
  const ofCommander = error instanceof CommanderError
  if (ofCommander && error.exitCode === 0) return 0
  const sentence = ofCommander ? error.message.replace(/^error: /, '') : sentenceFor(error)
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: sentence })}\n`)
  // Commander has already said its own.
  if (!ofCommander) console.error(`tourniquet: ${sentence}`)
  return ofCommander ? 2 : error instanceof CommandFault ? error.exitStatus : 1
}

function forEachCommand(command: Command, work: (command: Command) => void): void {
  work(command)
  for (const child of command.commands) forEachCommand(child, work)
}
