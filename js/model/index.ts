import { widgetOf } from "../data/widget";
import { confusionExplorer } from "./confusion_explorer";
import { gallery } from "./gallery";
import { leaderboard } from "./leaderboard";
import "./model.css";

export default widgetOf({
  gallery,
  leaderboard,
  confusion_explorer: confusionExplorer,
});
