% As adamupdate, with epsilon added to the root that is not bias-corrected: the page's other reading.
function varargout = adamupdate_hat (varargin)
  [varargout{1:nargout}] = adam_rule ("hat", varargin{:});
end
