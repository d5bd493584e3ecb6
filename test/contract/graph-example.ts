import { userOf } from '../../simulator/builders.ts'
import type { GraphWorld } from '../support/graph-world.ts'

export const unknownId = '00000000-0000-4000-8000-000000000000'

/** A call for each route: path template as the description writes it, and the path that is sent. */
export interface Example {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  template: string
  path: (world: GraphWorld) => string
  body?: (world: GraphWorld) => unknown
  status?: number
  /** Whose token is sent; default: the application's own. */
  as?: string
}

export const id = ({ tenant }: GraphWorld, name: string): string => userOf(tenant, name).id

export const get = (template: string, path: Example['path'], status = 200): Example => ({
  method: 'GET',
  template,
  path,
  status,
})

export const remove = (template: string, path: Example['path'], status = 204, as?: string): Example => ({
  method: 'DELETE',
  template,
  path,
  status,
  ...(as === undefined ? {} : { as }),
})
