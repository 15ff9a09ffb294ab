"""rascade.report"""
