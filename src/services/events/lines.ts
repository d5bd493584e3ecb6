/** One line of a file. `problem` is set, and `text` empty, when the line cannot be taken at all. */
export interface ImportLine {
  /** 1 for the first line of the file. */
  line: number
  text: string
  problem?: string
}

/** Records are some KB, the largest known some hundred KB. */
export const lineBytesMax = 8 * 1024 * 1024

/** The lines of a byte stream. Memory stays bounded: a line over `bytesMax` is passed over and yields its problem. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number = lineBytesMax,
): AsyncGenerator<ImportLine> {
  let parts: Uint8Array[] = []
  let bytes = 0
  let line = 1
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      take(chunk.subarray(from, end))
      yield finished()
      from = end + 1
    }
    take(chunk.subarray(from))
  }
  if (bytes > 0) yield finished()

  function take(part: Uint8Array): void {
    bytes += part.length
    if (bytes > bytesMax) parts = []
    else if (part.length > 0) parts.push(part)
  }

  function finished(): ImportLine {
    const done: ImportLine =
      bytes > bytesMax
        ? { line, text: '', problem: `The line is longer than ${Math.round(bytesMax / 1024 / 1024)} MB.` }
        : { line, text: Buffer.concat(parts).toString('utf8') }
    parts = []
    bytes = 0
    line += 1
    return done
  }
}
