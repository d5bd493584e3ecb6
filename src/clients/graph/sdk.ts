/** The one place that knows Microsoft's Graph SDK: its client and authentication, our transport, none of its retries or redirects. */
import {
  AuthenticationHandler,
  AuthenticationHandlerOptions,
  Client,
  type Context,
  type Middleware,
  ResponseType,
} from '@microsoft/microsoft-graph-client'
import type { Bounds } from '../bounds.ts'
import type { Http, HttpAnswer, HttpCall } from '../http.ts'

export interface GraphCall {
  method: HttpCall['method']
  /** Relative to the version root, percent-encoded (`checkedPath`). */
  path: string
  headers: Record<string, string>
  body?: string | undefined
  token: string
  bounds: Bounds
}

export interface GraphSdk {
  /** Any status is an answer. Throws as `Http.send` does. */
  send(call: GraphCall): Promise<HttpAnswer>
}

export const graphVersion = 'v1.0'

export function createGraphSdk(graphUrl: string, http: Http): GraphSdk {
  const { origin, hostname } = new URL(graphUrl)
  const client = Client.initWithMiddleware({
    // Without the version, and hosts without the port: otherwise the SDK sends no Authorization header and says nothing.
    baseUrl: origin,
    defaultVersion: graphVersion,
    customHosts: new Set([hostname]),
    middleware: [
      new AuthenticationHandler({
        getAccessToken: () => Promise.reject(new Error('every call brings its own token')),
      }),
      transport(http),
    ],
  })
  return {
    async send(call) {
      const outcome: Outcome = {}
      const request = client
        .api(call.path)
        .headers(call.headers)
        .middlewareOptions([new AuthenticationHandlerOptions({ getAccessToken: async () => call.token })])
        .responseType(ResponseType.RAW)
        .options({ [callKey]: { bounds: call.bounds, outcome } })
      try {
        await methods[call.method](request, call.body)
      } catch (error) {
        // The SDK wraps what the transport throws and loses its kind.
        throw outcome.failure ?? error
      }
      if (!outcome.answer) throw new Error('the Graph SDK answered without asking')
      return outcome.answer
    },
  }
}

type Request = ReturnType<Client['api']>

const methods: Record<HttpCall['method'], (request: Request, body: string | undefined) => Promise<unknown>> = {
  GET: (request) => request.get(),
  POST: (request, body) => request.post(body),
  PATCH: (request, body) => request.patch(body),
  DELETE: (request) => request.delete(),
}

interface Outcome {
  answer?: HttpAnswer
  failure?: unknown
}

const callKey = 'tourniquetCall'

// The last handler of the chain. It follows no redirect, so no write and no token goes to another host.
function transport(http: Http): Middleware {
  return {
    async execute(context: Context) {
      const options = context.options as unknown as SdkOptions
      const { bounds, outcome } = options[callKey]
      try {
        outcome.answer = await http.send({
          service: 'graph',
          url: String(context.request),
          method: options.method,
          headers: options.headers,
          body: options.body,
          bounds,
        })
      } catch (failure) {
        outcome.failure = failure
        throw failure
      }
      context.response = rawResponse
    },
  }
}

interface SdkOptions {
  method: HttpCall['method']
  headers: Record<string, string>
  body?: string
  [callKey]: { bounds: Bounds; outcome: Outcome }
}

// With `ResponseType.RAW` the SDK hands the response back unread; ours travels in the outcome.
const rawResponse = {} as Response
