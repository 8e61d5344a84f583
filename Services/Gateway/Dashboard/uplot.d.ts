/** The part of uPlot 1.6 that the page uses; `/vendor/uplot.js` defines it for the whole page. */
declare class uPlot {
  constructor(options: object, data: uPlot.Data, target: HTMLElement);
  readonly root: HTMLElement;
  readonly over: HTMLElement;
  readonly ctx: CanvasRenderingContext2D;
  /** The plotting area in canvas pixels. */
  readonly bbox: { left: number; top: number; width: number; height: number };
  readonly cursor: { left?: number; top?: number; idx?: number | null };
  setData(data: uPlot.Data, resetScales?: boolean): void;
  setScale(key: string, limits: { min: number; max: number }): void;
  setSize(size: { width: number; height: number }): void;
  posToVal(position: number, scale: string): number;
  valToPos(value: number, scale: string, canvasPixels?: boolean): number;
  redraw(rebuildPaths?: boolean, recalculateAxes?: boolean): void;
  batch(work: () => void): void;
  destroy(): void;
}

declare namespace uPlot {
  /** Null breaks a line, undefined does not. */
  type Data = [x: number[], ...y: (number | null | undefined)[][]];
}
