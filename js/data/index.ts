import { beforeAfter } from "./before_after";
import { cleaningLog } from "./cleaning_log";
import "./data.css";
import { featureDiff } from "./feature_diff";
import { lineageGraph } from "./lineage_graph";
import { missingMatrix } from "./missing_matrix";
import { outlierExplorer } from "./outlier_explorer";
import { widgetOf } from "./widget";

export default widgetOf({
  missing_matrix: missingMatrix,
  outlier_explorer: outlierExplorer,
  cleaning_log: cleaningLog,
  before_after: beforeAfter,
  lineage_graph: lineageGraph,
  feature_diff: featureDiff,
});
