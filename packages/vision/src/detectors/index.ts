export { type BackgroundOptions, BackgroundSubtractor, MASK_BACKGROUND, MASK_FOREGROUND, MASK_SHADOW } from "./background-subtractor.ts";
export { MotionDetector, type MotionOptions } from "./motion-detector.ts";
export { type NmsOptions, suppressed } from "./nms.ts";
export { PeopleDetector, type PeopleOptions } from "./people-detector.ts";
