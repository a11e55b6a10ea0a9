#pragma once
// Warns about detectors that stand where their owner can hardly have meant them to.

#include "nbhybrid/checks/input.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/detector.hpp"

namespace nbhybrid::checks {

void check_detector(const Detector& detector, const Given& given, Warnings& warnings);

}  // namespace nbhybrid::checks
