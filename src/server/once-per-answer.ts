/**
 * Reads once for all the metrics of an answer that show a part of the same. Numbers that cannot be read are left out, and the others
 * are shown.
 */
export function oncePerAnswer<Numbers>(
  readNumbers: () => Promise<Numbers>,
): (show: (numbers: Numbers) => void) => () => Promise<void> {
  let reading: Promise<Numbers | null> | null = null
  const read = (): Promise<Numbers | null> => {
    reading ??= readNumbers()
      .catch(() => null)
      .finally(() => setImmediate(() => (reading = null)))
    return reading
  }
  return (show) => async () => {
    const numbers = await read()
    if (numbers) show(numbers)
  }
}
