% [params, averageGrad, averageSqGrad] = adam_rule (reading, params, grad, averageGrad, averageSqGrad, iteration, learnRate, gradDecay, sqGradDecay, epsilon)
%
% adamupdate under one reading of its page, which describes the bias correction and does not write
% it out: "outside" adds epsilon to the corrected root, "hat" to the uncorrected one.
function [params, averageGrad, averageSqGrad] = adam_rule (reading, params, grad, averageGrad, averageSqGrad, iteration, learnRate, gradDecay, sqGradDecay, epsilon)
  if nargin < 7, learnRate = 0.001; end
  if nargin < 8, gradDecay = 0.9; end
  if nargin < 9, sqGradDecay = 0.999; end
  if nargin < 10, epsilon = 1e-8; end
  rule = @(p, g, m, v) update (p, g, m, v, iteration, learnRate, gradDecay, sqGradDecay, epsilon, reading);
  [params, averageGrad, averageSqGrad] = each_learnable (rule, params, grad, averageGrad, averageSqGrad);
end

function [p, m, v] = update (p, g, m, v, t, learnRate, gradDecay, sqGradDecay, epsilon, reading)
  if isempty (m), m = zeros (size (p), class (p)); end
  if isempty (v), v = zeros (size (p), class (p)); end
  m = gradDecay .* m + (1 - gradDecay) .* g;
  v = sqGradDecay .* v + (1 - sqGradDecay) .* g.^2;
  correction1 = 1 - gradDecay ^ t;
  correction2 = 1 - sqGradDecay ^ t;
  if strcmp (reading, "hat")
    p = p - learnRate .* m .* sqrt (correction2) ./ correction1 ./ (sqrt (v) + epsilon);
  else
    p = p - learnRate .* m ./ correction1 ./ (sqrt (v ./ correction2) + epsilon);
  end
end
