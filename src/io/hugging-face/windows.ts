/**
 * Which layers see a sliding window only.
 *
 * `layer_types` names each layer; where it is missing, the family's rule says which ones slide.
 *
 * @module
 */
import type { ConfigOptions } from './options.ts';

/** The window of each layer, undefined where it sees everything. `window` is null where none slides. */
export function windowsOf(
  options: ConfigOptions,
  layers: number,
  window: number | null,
  slides: (layer: number) => boolean,
): readonly (number | undefined)[] {
  const { name, value } = options.value('layer_types');
  if (value !== undefined && value !== null) {
    const fits =
      Array.isArray(value) &&
      value.length === layers &&
      value.every((type) => type === 'full_attention' || type === 'sliding_attention');
    if (!fits) {
      throw options.refused(
        name,
        `full_attention or sliding_attention for each of ${layers} layers`,
      );
    }
    if (window === null && value.includes('sliding_attention')) {
      throw options.refused(name, 'full_attention everywhere where there is no sliding_window');
    }
    return value.map((type) =>
      window !== null && type === 'sliding_attention' ? window : undefined,
    );
  }
  return Array.from({ length: layers }, (_, l) =>
    window !== null && slides(l) ? window : undefined,
  );
}

/** The window as an option of a block. */
export const windowOption = (window: number | undefined): { readonly window?: number } =>
  window === undefined ? {} : { window };
