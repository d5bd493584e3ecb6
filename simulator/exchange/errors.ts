import type { Reply } from '../engine-types.ts'
import type { Switches } from '../world.ts'

/** Thrown by cmdlets. The useful text is `Ex<6 hex>|<exception type>|<message>`, in the first detail. */
export class ExchangeError extends Error {
  readonly status: number
  readonly code: string
  readonly exception: string

  constructor(status: number, code: string, exception: string, message: string) {
    super(message)
    this.name = 'ExchangeError'
    this.status = status
    this.code = code
    this.exception = exception
  }
}

const domainController = 'DB8PR04A01DC001.EURPR04A001.PROD.OUTLOOK.COM'

export const objectNotFound = (identity: string): ExchangeError =>
  new ExchangeError(
    404,
    'NotFound',
    'Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException',
    `The operation couldn't be performed because object '${identity}' couldn't be found on '${domainController}'.`,
  )

export const objectAmbiguous = (identity: string): ExchangeError =>
  new ExchangeError(
    400,
    'BadRequest',
    'Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException',
    `The operation couldn't be performed because '${identity}' matches multiple entries.`,
  )

export const unknownParameter = (cmdlet: string, name: string): ExchangeError =>
  new ExchangeError(
    400,
    'BadRequest',
    'System.Management.Automation.ParameterBindingException',
    `A parameter cannot be found that matches parameter name '${name}' of '${cmdlet}'.`,
  )

export const wrongType = (name: string): ExchangeError =>
  new ExchangeError(
    400,
    'BadRequest',
    'System.Management.Automation.ParameterBindingException',
    `Cannot process argument transformation on parameter '${name}'.`,
  )

export const missingParameter = (cmdlet: string, name: string): ExchangeError =>
  new ExchangeError(
    400,
    'BadRequest',
    'System.Management.Automation.ParameterBindingException',
    `Cannot bind argument to parameter '${name}' of '${cmdlet}' because it is missing, null or empty.`,
  )

export const invalidArgument = (name: string, value: string): ExchangeError =>
  new ExchangeError(
    400,
    'BadRequest',
    'Microsoft.Exchange.Data.DataValidationException',
    `The value '${value}' is not valid for the property '${name}'.`,
  )

/** What a cmdlet refuses by its own rules. */
export const refused = (message: string): ExchangeError =>
  new ExchangeError(400, 'BadRequest', 'Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException', message)

/** A mailbox named twice: in the identity of a rule and beside it. */
export const mailboxNamedTwice = (): ExchangeError =>
  new ExchangeError(
    400,
    'BadRequest',
    'Microsoft.Exchange.Management.RecipientTasks.InboxRuleTaskException',
    "You can't use both the Identity and Mailbox parameters to specify a mailbox.",
  )

/** What Exchange answers when a cmdlet itself fails. */
export function cmdletErrorReply(
  { status, code, exception, message }: ExchangeError,
  mutates: boolean,
  { cmdletErrorsAnswer500, cmdletErrorTextInside }: Switches = {},
): Reply {
  const text = `Ex6F9304|${exception}|${message}`
  const inside = { message: text, type: exception, stacktrace: '' }
  const outside = {
    message: 'Error executing cmdlet',
    type: 'Microsoft.Exchange.Admin.OData.Core.ODataServiceException',
    stacktrace: '   at Microsoft.Exchange.Admin.OData.Core.Powershell.PowershellExecutor.Execute()',
  }
  const told = cmdletErrorTextInside
    ? { innerError: { ...outside, internalException: inside } }
    : {
        details: [{ code: 'Client', target: '', message: text }],
        innererror: { ...outside, internalexception: inside },
      }
  const shown = cmdletErrorsAnswer500 ? { status: 500, code: 'InternalServerError' } : { status, code }
  const error = { code: shown.code, message: 'Error executing cmdlet', ...told }
  return { status: shown.status, body: { error }, mutates }
}

/** A refusal of the endpoint, before any cmdlet. */
export const plainErrorReply = (status: number, code: string, message: string, mutates = false): Reply => ({
  status,
  body: { error: { code, message } },
  mutates,
})

/** Unknown cmdlet, or none of the caller's: NUL bytes that are falsely declared as gzip. */
export const cmdletNotAvailable = (mutates: boolean): Reply => ({
  status: 403,
  headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
  body: Buffer.alloc(176),
  mutates,
})

/** Token expired, for another audience, or without the right to call at all. */
export const unauthenticated = ({ exchange401IsHtml }: Switches = {}): Reply => ({
  status: 401,
  headers: {
    'WWW-Authenticate': 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", error="invalid_token"',
    ...(exchange401IsHtml ? { 'Content-Type': 'text/html' } : {}),
  },
  body: exchange401IsHtml ? Buffer.from('<html><body>401 - Unauthorized</body></html>') : null,
  mutates: false,
})
